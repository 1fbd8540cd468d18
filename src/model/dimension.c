#include "model/dimension.h"

#include "base/banned.h"

#define INFO(id, ...) [DIM_##id] = { __VA_ARGS__ },

const struct dimension_info dimension_infos[DIMENSIONS_BUILT_IN] = { DIMENSION_LIST(INFO) };
