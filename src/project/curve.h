/* The curve 1 / (1 + a d^2b) that turns distances of the map into memberships. */
#ifndef NTRACE_PROJECT_CURVE_H
#define NTRACE_PROJECT_CURVE_H

/* a and b for which the curve comes nearest to 1 up to min_dist and exp(-(d - min_dist) / spread) beyond, least squares
 * over 300 distances from 0 to 3 spread. Needs spread > 0 and 0 <= min_dist <= spread. */
void nt_curve_fit(float *a, float *b, double min_dist, double spread);

#endif
