/* C interface of libdecodemeter_predictor: latency of a request, predicted from a
 * latency_estimator.json.
 *
 * A predictor is immutable: any number of threads may use one at once, and no prediction allocates.
 * Structures carry their size, so that a program built against an older header keeps working. */
#ifndef DECODEMETER_PREDICTOR_C_H
#define DECODEMETER_PREDICTOR_C_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DECODEMETER_PREDICTOR_ABI 1

typedef struct decodemeter_predictor decodemeter_predictor;

/* num_crops counts the global crop; 0 derives it from the vision tokens. tier: 0 low, 1 medium, 2
 * high. */
typedef struct decodemeter_request {
    int vision_tokens;
    int text_tokens;
    int tier;
    int top_k;
    int active_blocks;
    int num_crops;
} decodemeter_request;

typedef enum decodemeter_coverage {
    DECODEMETER_OK = 0,           /* a measured configuration, every feature in its range */
    DECODEMETER_INTERPOLATED = 1, /* a configuration that was not measured, inside the ranges */
    DECODEMETER_EXTRAPOLATED = 2, /* a feature outside its range, named by `feature` */
    DECODEMETER_REFUSED = 3       /* a request without meaning; all times are NaN */
} decodemeter_coverage;

/* Milliseconds: expected, and upper bounds for 90, 95 and 99 of 100 requests. */
typedef struct decodemeter_bounded_time {
    double expected_ms;
    double p90_ms;
    double p95_ms;
    double p99_ms;
} decodemeter_bounded_time;

typedef struct decodemeter_estimate {
    size_t size; /* set to sizeof(decodemeter_estimate) by the caller */
    decodemeter_bounded_time prefill;
    decodemeter_bounded_time decode; /* of all N-1 steps together */
    decodemeter_bounded_time total;
    double hierarchical_p95_ms; /* of the total; NaN where the records hold one configuration */
    int coverage;               /* decodemeter_coverage */
    int feature;                /* 0, or for decodemeter_feature_name */
} decodemeter_estimate;

/* The ABI that the library was built with: DECODEMETER_PREDICTOR_ABI. */
int decodemeter_predictor_abi(void);

/* Null when the file cannot be used; `message`, if given, then says why in at most message_size - 1
 * characters. */
decodemeter_predictor* decodemeter_predictor_open(const char* file, char* message,
                                                  size_t message_size);
/* Null is allowed. */
void decodemeter_predictor_close(decodemeter_predictor* predictor);

/* 0, or -1 when a pointer is null or estimate->size is not known. output_tokens counts the
 * end-of-sequence token. A request without meaning is no error: it is answered with
 * DECODEMETER_REFUSED. */
int decodemeter_predict(const decodemeter_predictor* predictor, const decodemeter_request* request,
                        int output_tokens, decodemeter_estimate* estimate);

/* One decode step, 1-based, in milliseconds; NaN when it has no meaning. */
double decodemeter_step_ms(const decodemeter_predictor* predictor,
                           const decodemeter_request* request, int step);

/* Total expected milliseconds and its p95 bound of `count` requests; p95_ms may be null. 0 or -1 as
 * above. */
int decodemeter_predict_many(const decodemeter_predictor* predictor,
                             const decodemeter_request* requests, size_t count, int output_tokens,
                             double* total_ms, double* p95_ms);

/* Valid as long as the predictor. */
const char* decodemeter_predictor_device(const decodemeter_predictor* predictor);
const char* decodemeter_predictor_records_hash(const decodemeter_predictor* predictor);
int decodemeter_predictor_synthetic(const decodemeter_predictor* predictor);

/* "vision_tokens", ...; "none" for 0 and unknown numbers. Static. */
const char* decodemeter_feature_name(int feature);

#ifdef __cplusplus
}
#endif

#endif
