-- What was in a range of offsets, once more: a batch query over Kafka, for audits and repairs.
--
--   eagre query -f examples/replay.sql --define brokers=localhost:9092 --define from=100 --define to=200
--
-- Partition 0 of the topic `sales`, from offset `from` up to but not `to`. It has no checkpoint and changes nothing: run it
-- as often as you like. -1 is the end of the partition, -2 its beginning.
SELECT offset, timestamp, value::string:sku AS sku, value::string:units::int AS units
FROM read_kafka(bootstrapServers => '${brokers}', assign => '{"sales":[0]}',
                startingOffsets => '{"sales":{"0":${from}}}', endingOffsets => '{"sales":{"0":${to}}}')
ORDER BY offset;
