import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.ScalarFunction;

/**
 * One workload as a Flink SQL job in a mini cluster of this process, to the end of its topic; device-live
 * until it is told to end.
 *
 * <p>FlinkJob WORKLOAD BROKERS SOURCE TARGET CAMPAIGNS FOLDER: topics, the file of the campaigns, a
 * folder for checkpoints. Parallelism 2, a checkpoint every 5 s (live: every second, and records that
 * wait for others a millisecond at most), sinks at least once.
 */
public final class FlinkJob {
  private static final int PARALLELISM = 2;

  private static final String YSB_SOURCE =
      "user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING,"
          + " event_time STRING, ip_address STRING,"
          + " ts AS TO_TIMESTAMP_LTZ(CAST(event_time AS BIGINT), 3),"
          + " WATERMARK FOR ts AS ts - INTERVAL '70' SECOND";

  private static final String DEVICE =
      "device STRING, ts STRING, temp DOUBLE, status STRING, n BIGINT, site STRING, fw STRING";

  private static final String YSB_QUERY =
      "INSERT INTO target SELECT campaign_id,"
          + " UNIX_TIMESTAMP(DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss')) * 1000, COUNT(*)"
          + " FROM TABLE(TUMBLE(TABLE seen, DESCRIPTOR(ts), INTERVAL '10' SECOND))"
          + " GROUP BY campaign_id, window_start, window_end";

  /** The campaign of an ad, NULL without one: the lookup of ysb, from memory. */
  public static final class CampaignOf extends ScalarFunction {
    private final Map<String, String> campaigns = new HashMap<>();

    @Override
    public void open(FunctionContext context) throws IOException {
      for (String line : Files.readAllLines(Path.of(context.getJobParameter("campaigns", "")))) {
        String[] parts = line.split("\"");
        campaigns.put(parts[3], parts[7]);
      }
    }

    public String eval(String adId) {
      return campaigns.get(adId);
    }
  }

  private final StreamTableEnvironment tables;
  private final String brokers;
  private final String source;
  private final String target;

  private FlinkJob(StreamTableEnvironment tables, String brokers, String source, String target) {
    this.tables = tables;
    this.brokers = brokers;
    this.source = source;
    this.target = target;
  }

  private void createSource(String columns) {
    createSource(columns, ", 'scan.bounded.mode' = 'latest-offset'");
  }

  private void createSource(String columns, String end) {
    tables.executeSql(
        "CREATE TABLE source (" + columns + ") WITH ('connector' = 'kafka', 'topic' = '" + source
            + "', 'properties.bootstrap.servers' = '" + brokers
            + "', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json'" + end + ")");
  }

  private void createTarget(String columns, String options) {
    tables.executeSql(
        "CREATE TABLE target (" + columns + ") WITH (" + options + ", 'topic' = '" + target
            + "', 'properties.bootstrap.servers' = '" + brokers + "')");
  }

  private void ysb() throws Exception {
    tables.createTemporarySystemFunction("CAMPAIGN_OF", CampaignOf.class);
    createSource(YSB_SOURCE);
    createTarget(
        "campaign_id STRING, `start` BIGINT, n BIGINT", "'connector' = 'kafka', 'format' = 'json'");
    tables.executeSql(
        "CREATE TEMPORARY VIEW seen AS SELECT CAMPAIGN_OF(ad_id) AS campaign_id, ts FROM source"
            + " WHERE event_type = 'view'");
    tables.executeSql(YSB_QUERY).await();
  }

  private void words() throws Exception {
    tables.getConfig().set("table.exec.mini-batch.enabled", "true");
    tables.getConfig().set("table.exec.mini-batch.allow-latency", "1 s");
    tables.getConfig().set("table.exec.mini-batch.size", "50000");
    createSource("word STRING");
    createTarget(
        "word STRING, n BIGINT, PRIMARY KEY (word) NOT ENFORCED",
        "'connector' = 'upsert-kafka', 'key.format' = 'json', 'value.format' = 'json'");
    tables.executeSql("INSERT INTO target SELECT word, COUNT(*) FROM source GROUP BY word").await();
  }

  private void deviceKafka() throws Exception {
    createSource(DEVICE);
    createTarget(DEVICE, "'connector' = 'kafka', 'format' = 'json'");
    tables.executeSql("INSERT INTO target SELECT * FROM source WHERE status = 'ok'").await();
  }

  private void deviceLive() throws Exception {
    createSource("us BIGINT, " + DEVICE, "");
    createTarget(
        "us BIGINT, " + DEVICE,
        "'connector' = 'kafka', 'format' = 'json', 'properties.linger.ms' = '1'");
    tables.executeSql("INSERT INTO target SELECT * FROM source").await();
  }

  private static StreamTableEnvironment start(String interval, String campaigns, String folder) {
    Configuration settings = new Configuration();
    settings.setString("execution.checkpointing.interval", interval);
    settings.setString("execution.checkpointing.dir", Path.of(folder).toUri() + "checkpoints");
    settings.setString("pipeline.object-reuse", "true");
    StreamTableEnvironment tables =
        StreamTableEnvironment.create(
            StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, settings));
    tables.getConfig().set("table.local-time-zone", "UTC");
    tables.getConfig().addJobParameter("campaigns", campaigns);
    return tables;
  }

  public static void main(String[] arguments) throws Exception {
    String interval = arguments[0].equals("device-live") ? "1 s" : "5 s";
    FlinkJob job =
        new FlinkJob(
            start(interval, arguments[4], arguments[5]), arguments[1], arguments[2], arguments[3]);
    switch (arguments[0]) {
      case "ysb" -> job.ysb();
      case "words" -> job.words();
      case "device-kafka" -> job.deviceKafka();
      case "device-live" -> job.deviceLive();
      default -> throw new IllegalArgumentException("no such workload: " + arguments[0]);
    }
    System.exit(0);
  }
}
