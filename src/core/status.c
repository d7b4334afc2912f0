#include "ntrace/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *nt_status_name(enum nt_status status) {
    static const char *const names[NT_STATUS_COUNT] = {
        "ok", "argument", "memory", "io", "format", "shape", "value", "damaged", "version", "missing", "cancelled",
    };
    return (unsigned)status < NT_STATUS_COUNT ? names[status] : "unknown";
}

enum nt_status nt_error_set(struct nt_error *error, enum nt_status status, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}
