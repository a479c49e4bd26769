/* Visibility of the public functions. */
#pragma once

#if defined(__GNUC__)
#define EAGRE_API __attribute__((visibility("default")))
#else
#define EAGRE_API
#endif
