/* Status codes and error texts, shared by every module. */
#ifndef NTRACE_STATUS_H
#define NTRACE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

enum nt_status {
    NT_OK = 0,
    NT_E_ARG,       /* an argument is out of its documented range */
    NT_E_MEMORY,    /* the allocator returned NULL */
    NT_E_IO,        /* a file could not be opened, read, written or renamed */
    NT_E_FORMAT,    /* bytes are not in the format that was expected */
    NT_E_SHAPE,     /* well-formed data whose shape does not fit */
    NT_E_VALUE,     /* well-formed data holding a value that cannot be used, such as NaN */
    NT_E_DAMAGED,   /* a checksum, hash or size differs from what was recorded */
    NT_E_VERSION,   /* made by a version that this one cannot read */
    NT_E_MISSING,   /* something needed is not there (a chunk not loaded, an absent file) */
    NT_E_CANCELLED, /* the progress callback asked to stop */
    NT_STATUS_COUNT
};

/* Why a call failed, in words for a person: what is wrong, what was expected, what was found. */
struct nt_error {
    enum nt_status status;
    char text[512]; /* one line, NUL-terminated, empty while status is NT_OK */
};

/* Name of a status as one lower-case word ("ok", "memory", "format"...). Never NULL. */
const char *nt_status_name(enum nt_status status);

/* Records a failure and returns its status, so that callers can write `return nt_error_set(...)`.
 *
 * error   out  may be NULL: then only the status is passed on
 * format  in   printf format of the text; longer texts are cut
 */
enum nt_status nt_error_set(struct nt_error *error, enum nt_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Progress of a long call. `report` is called from the calling thread with the share done, 0 to 1, ascending;
 * returning non-zero asks the call to stop, which it does soon with NT_E_CANCELLED. `report` may be NULL. */
struct nt_progress {
    int (*report)(void *context, double done);
    void *context;
};

/* Forwards a failure: `NT_TRY(f(x));` returns from the caller when f does not return NT_OK. */
#define NT_TRY(call)                                                                                                   \
    do {                                                                                                               \
        enum nt_status nt_try_status = (call);                                                                         \
        if (nt_try_status != NT_OK) {                                                                                  \
            return nt_try_status;                                                                                      \
        }                                                                                                              \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
