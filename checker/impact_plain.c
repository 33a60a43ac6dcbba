/* An ordinary build: nobody has a role beside his own. */
#include "checker/impact.h"

const uint16_t impact_extra_roles = 0;
