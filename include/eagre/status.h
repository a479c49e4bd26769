/* Status codes: what every call of Eagre that can fail returns. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum eagre_status {
#define EAGRE_STATUS(name, exit_status, text) EAGRE_##name,
#include <eagre/status.def>
#undef EAGRE_STATUS
  EAGRE_STATUS_count
};

#ifdef __cplusplus
}
#endif
