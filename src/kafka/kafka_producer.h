/* Producers over a channel. Inside the room only. */
#pragma once

#include "kafka/kafka_channel.h"

/* A producer of one thread; the channel outlives it. */
struct eagre_kafka_producer *eagre_kafka_producer_new(struct eagre_kafka_channel *channel);
