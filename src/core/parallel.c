#include "core/parallel.h"

#if defined(__EMSCRIPTEN__)

unsigned nt_parallel_processors(void) { return 1; }

void nt_parallel_for(size_t items, unsigned workers, void (*task)(void *context, size_t item, unsigned worker),
                     void *context) {
    (void)workers;
    for (size_t item = 0; item < items; item++) {
        task(context, item, 0);
    }
}

#else

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MAX_WORKERS = 64 };

struct crew {
    atomic_size_t next;
    size_t items;
    void (*task)(void *context, size_t item, unsigned worker);
    void *context;
};

struct member {
    struct crew *crew;
    unsigned worker;
};

static void *work(void *argument) {
    const struct member *member = argument;
    struct crew *crew = member->crew;
    for (;;) {
        size_t item = atomic_fetch_add(&crew->next, 1);
        if (item >= crew->items) {
            return NULL;
        }
        crew->task(crew->context, item, member->worker);
    }
}

unsigned nt_parallel_processors(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > MAX_WORKERS ? MAX_WORKERS : (unsigned)count;
}

void nt_parallel_for(size_t items, unsigned workers, void (*task)(void *context, size_t item, unsigned worker),
                     void *context) {
    struct crew crew = {.items = items, .task = task, .context = context};
    struct member members[MAX_WORKERS];
    pthread_t threads[MAX_WORKERS];
    unsigned wanted = workers == 0 ? nt_parallel_processors() : workers;
    wanted = wanted > MAX_WORKERS ? MAX_WORKERS : wanted;
    wanted = wanted > items ? (unsigned)items : wanted;
    unsigned started = 1;
    for (unsigned w = 0; w < MAX_WORKERS; w++) {
        members[w] = (struct member){&crew, w};
    }
    while (started < wanted && pthread_create(&threads[started], NULL, work, &members[started]) == 0) {
        started++;
    }
    (void)work(&members[0]);
    for (unsigned w = 1; w < started; w++) {
        (void)pthread_join(threads[w], NULL);
    }
}

#endif
