/* The base library: status, error, bounded cursor, buffer, limits, platform. Depends on libc alone; everything may use
 * it. */
#ifndef WARRANT_BASE_H
#define WARRANT_BASE_H

#include "runtime/base/buffer.h"
#include "runtime/base/cursor.h"
#include "runtime/base/elapsed.h"
#include "runtime/base/error.h"
#include "runtime/base/file_read.h"
#include "runtime/base/limits.h"
#include "runtime/base/pages.h"
#include "runtime/base/platform.h"
#include "runtime/base/status.h"
#include "runtime/base/text.h"

#endif
