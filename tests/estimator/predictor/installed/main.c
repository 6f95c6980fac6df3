#include <decodemeter/predictor_c.h>
#include <stdio.h>

int main(int argc, char** argv) {
    char message[512];
    decodemeter_predictor* predictor = decodemeter_predictor_open(argc > 1 ? argv[1] : "", message, sizeof message);
    if (predictor == NULL) return fprintf(stderr, "%s\n", message), 1;
    const decodemeter_request request = {928, 60, 2, 8, 16, 0};
    decodemeter_estimate estimate = {0};
    estimate.size = sizeof estimate;
    const int failed = decodemeter_predict(predictor, &request, 20, &estimate);
    printf("%.17g %.17g\n", estimate.total.expected_ms, estimate.total.p95_ms);
    decodemeter_predictor_close(predictor);
    return failed;
}
