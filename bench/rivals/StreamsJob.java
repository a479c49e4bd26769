import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;

/**
 * One workload as a Kafka Streams program, until it has worked off what its topic held at the start;
 * device-live until it is told to end.
 *
 * <p>StreamsJob WORKLOAD BROKERS SOURCE TARGET CAMPAIGNS FOLDER: topics, the file of the campaigns, a
 * folder for state. Two threads, a commit every 5 s (live: every second, and records that wait for
 * others a millisecond at most), at least once, state in memory with its changelog. Windows come out as they change: records that were repartitioned arrive in no order of
 * time, so a window cannot be closed before the end.
 */
public final class StreamsJob {
  private static final byte[] NOTHING = new byte[0];
  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  /** What ysb reads of an event. */
  public static final class Event {
    @JsonProperty("ad_id")
    public String adId;

    @JsonProperty("event_type")
    public String eventType;

    @JsonProperty("event_time")
    public String eventTime;
  }

  /** An event of device, its members in the order of the text. */
  @JsonPropertyOrder({
    "device", "ts", "temp", "status", "n", "site", "fw"
  })
  public static class Device {
    public String device;
    public String ts;
    public double temp;
    public String status;
    public long n;
    public String site;
    public String fw;
  }

  /** An event of device behind the time at which it was due. */
  @JsonPropertyOrder({"us"})
  public static final class TimedDevice extends Device {
    public long us;
  }

  /** An event of words. */
  public static final class Word {
    public String word;
  }

  private final LongAdder readCount = new LongAdder();
  private final LongAdder sentCount = new LongAdder(); // to be counted
  private final LongAdder countedCount = new LongAdder();
  private final StreamsBuilder builder = new StreamsBuilder();
  private final String source;
  private final String target;

  private StreamsJob(String source, String target) {
    this.source = source;
    this.target = target;
  }

  private static <T> Serde<T> json(Class<T> type) {
    Serializer<T> writer = (topic, value) -> write(value);
    Deserializer<T> reader = (topic, bytes) -> read(bytes, type);
    return Serdes.serdeFrom(writer, reader);
  }

  private static <T> byte[] write(T value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private static <T> T read(byte[] bytes, Class<T> type) {
    try {
      return JSON.readValue(bytes, type);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private <T> KStream<byte[], T> open(Class<T> type, TimestampExtractor time) {
    Consumed<byte[], T> how = Consumed.with(Serdes.ByteArray(), json(type));
    return builder.stream(source, time == null ? how : how.withTimestampExtractor(time));
  }

  private long countOne(long count) {
    countedCount.increment();
    return count + 1;
  }

  /** A record counts as read when it is known what becomes of it: dropped here, or sent below. */
  private boolean keep(boolean isWanted) {
    if (!isWanted) {
      readCount.increment();
    }
    return isWanted;
  }

  private KeyValue<String, byte[]> send(String key) {
    sentCount.increment();
    readCount.increment();
    return KeyValue.pair(key, NOTHING);
  }

  private static Map<String, String> readCampaigns(String path) throws IOException {
    Map<String, String> campaigns = new HashMap<>();
    for (String line : Files.readAllLines(Path.of(path))) {
      String[] parts = line.split("\"");
      campaigns.put(parts[3], parts[7]);
    }
    return campaigns;
  }

  private void ysb(String campaignsPath) throws IOException {
    Map<String, String> campaigns = readCampaigns(campaignsPath);
    open(Event.class, (record, time) -> Long.parseLong(((Event) record.value()).eventTime))
        .filter((key, event) -> keep(event.eventType.equals("view") && campaigns.containsKey(event.adId)))
        .map((key, event) -> send(campaigns.get(event.adId)))
        .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
        .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofDays(1)))
        .aggregate(
            () -> 0L,
            (key, value, count) -> countOne(count),
            Materialized.with(Serdes.String(), Serdes.Long()))
        .toStream()
        .map((key, count) -> KeyValue.pair(key.key(), window(key.key(), key.window().start(), count)))
        .to(target, Produced.with(Serdes.String(), Serdes.String()));
  }

  private static String window(String campaign, long start, long count) {
    return "{\"campaign_id\":\"" + campaign + "\",\"start\":" + start + ",\"n\":" + count + "}";
  }

  private void words() {
    open(Word.class, null)
        .map((key, event) -> send(event.word))
        .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
        .aggregate(
            () -> 0L,
            (key, value, count) -> countOne(count),
            Materialized.with(Serdes.String(), Serdes.Long()))
        .toStream()
        .mapValues((word, count) -> "{\"word\":\"" + word + "\",\"n\":" + count + "}")
        .to(target, Produced.with(Serdes.String(), Serdes.String()));
  }

  private void deviceKafka() {
    open(Device.class, null)
        .peek((key, event) -> readCount.increment())
        .filter((key, event) -> event.status.equals("ok"))
        .to(target, Produced.with(Serdes.ByteArray(), json(Device.class)));
  }

  private void deviceLive() {
    open(TimedDevice.class, null)
        .to(target, Produced.with(Serdes.ByteArray(), json(TimedDevice.class)));
  }

  private static Properties settings(String brokers, String target, String folder) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-" + target);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5000);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 << 20);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(
        StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
        BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
    settings.put("auto.offset.reset", "earliest");
    return settings;
  }

  private static void hurry(Properties settings) {
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put(StreamsConfig.producerPrefix("linger.ms"), 1);
  }

  private static long countRecords(String brokers, String topic) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
      Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
      for (var partition :
          admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()) {
        wanted.put(new TopicPartition(topic, partition.partition()), OffsetSpec.latest());
      }
      return admin.listOffsets(wanted).all().get().values().stream().mapToLong(end -> end.offset()).sum();
    }
  }

  private void run(Properties settings, long recordCount) throws InterruptedException {
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setUncaughtExceptionHandler(
        problem -> {
          problem.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
    streams.start();
    while (readCount.sum() < recordCount || countedCount.sum() < sentCount.sum()) {
      if (streams.state().hasStartedOrFinishedShuttingDown()) {
        throw new IllegalStateException("the application stopped before the end");
      }
      Thread.sleep(20);
    }
    streams.close();
  }

  public static void main(String[] arguments) throws Exception {
    StreamsJob job = new StreamsJob(arguments[2], arguments[3]);
    Properties settings = settings(arguments[1], arguments[3], arguments[5]);
    if (arguments[0].equals("device-live")) {
      hurry(settings);
      job.deviceLive();
      job.run(settings, Long.MAX_VALUE);
      return;
    }
    switch (arguments[0]) {
      case "ysb" -> job.ysb(arguments[4]);
      case "words" -> job.words();
      case "device-kafka" -> job.deviceKafka();
      default -> throw new IllegalArgumentException("no such workload: " + arguments[0]);
    }
    job.run(settings, countRecords(arguments[1], arguments[2]));
    System.exit(0);
  }
}
