"""Numbered rows from topic to topic: the flows of numbered_topic.py with Kafka sinks that deliver exactly once, counted as
a reader with read_committed sees them.
"""

import datetime
import json

from numbered_topic import DELAY_SECONDS, FLOWS, OFFSETS_PER_EPOCH, VIEW, WAIT_SECONDS, NumberedTopic, TopicSite

OUTPUT_PARTITIONS = 2

PIPELINE = """
SET spark.sql.streaming.minBatchesToRetain = 3;
""" + VIEW + """CREATE SINK raw USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{topic}-raw',
                                     'delivery' = 'exactly-once'{settings});
CREATE SINK counts USING kafka OPTIONS ('kafka.bootstrap.servers' = '{brokers}', 'topic' = '{topic}-counts',
                                        'delivery' = 'exactly-once'{settings});
CREATE FLOW raw AS INSERT INTO raw
SELECT CAST(n AS STRING) AS key, to_json(struct(partition, p, n)) AS value FROM STREAM src;
CREATE FLOW counts AS INSERT INTO counts
SELECT CAST(p AS STRING) AS key,
       to_json(struct(window.start AS start, p, count(*) AS rows, sum(n) AS total)) AS value
FROM STREAM src GROUP BY window(ts, '10 seconds'), p;
"""


class TransactionalSite(TopicSite):
    """A site whose flows write to two topics; `settings` are of both sinks."""

    def __init__(self, folder, broker, topic, make_topic=NumberedTopic, brokers=None, **settings):
        self.broker = broker
        for flow in FLOWS:
            broker.create_topic(f"{topic}-{flow}", partitions=OUTPUT_PARTITIONS)
        super().__init__(folder, broker, topic, make_topic, brokers)
        more = "".join(f", '{name}' = '{value}'" for name, value in settings.items())
        text = PIPELINE.format(brokers=brokers or broker.address, topic=topic, limit=OFFSETS_PER_EPOCH, delay=DELAY_SECONDS,
                               settings=more)
        (folder / "pipeline.sql").write_text(text)

    def group(self, flow):
        """The transactional id of the flow, and the group of its marker."""
        return "eagre-" + json.loads((self.log(flow, "metadata")).read_text())["id"]

    def forget(self, flow):
        """What happens to the marker of a flow that stood still for a week."""
        from confluent_kafka.admin import AdminClient
        admin = AdminClient({"bootstrap.servers": self.broker.address})
        group = self.group(flow)
        admin.delete_consumer_groups([group])[group].result(timeout=WAIT_SECONDS)

    def table(self, name):
        """Every committed message."""
        from confluent_kafka import Consumer, TopicPartition
        consumer = Consumer({"bootstrap.servers": self.broker.address, "group.id": "recount",
                             "isolation.level": "read_committed", "enable.partition.eof": True,
                             "enable.auto.commit": False})
        topic = f"{self.topic.name}-{name}"
        consumer.assign([TopicPartition(topic, number, 0) for number in range(OUTPUT_PARTITIONS)])
        found = []
        open_ends = OUTPUT_PARTITIONS
        while open_ends:
            message = consumer.poll(WAIT_SECONDS)
            assert message is not None, f"the end of {topic} cannot be reached: a transaction is open"
            if message.error():
                open_ends -= 1
            else:
                found.append(json.loads(message.value()))
        consumer.close()
        for row in found:
            if "start" in row:
                row["start"] = datetime.datetime.fromisoformat(row["start"].replace("Z", "+00:00"))
        return found
