#include "base/when.h"

#include <stdio.h>

static const int64_t LATEST_US = INT64_C(253402300799) * 1000000 + 999999;

/* Days since 1970-01-01 of a proleptic Gregorian date. Source: H. Hinnant, chrono-compatible date algorithms. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int *y, int *m, int *d)
{
	days += 719468;
	int64_t era = days / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

void when_format(int64_t when_us, char text[WHEN_TEXT_BYTES])
{
	int y, m, d;

	if (when_us < 0)
		when_us = 0;
	if (when_us > LATEST_US)
		when_us = LATEST_US;
	civil_from_days(when_us / WHEN_DAY_US, &y, &m, &d);
	int64_t of_day_us = when_us % WHEN_DAY_US;

	snprintf(text, WHEN_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)y % 10000,
		(unsigned)m % 100, (unsigned)d % 100, (unsigned)(of_day_us / WHEN_HOUR_US) % 100,
		(unsigned)(of_day_us / WHEN_MINUTE_US % 60) % 100,
		(unsigned)(of_day_us / WHEN_SECOND_US % 60) % 100,
		(unsigned)(of_day_us % WHEN_SECOND_US) % 1000000);
}

/* Exactly `count` digits at the front of *s, which then moves on. */
static bool take_digits(struct str *s, size_t count, int64_t *value)
{
	int64_t v = 0;

	if (s->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (s->ptr[i] < '0' || s->ptr[i] > '9')
			return false;
		v = v * 10 + (s->ptr[i] - '0');
	}
	*s = str_skip(*s, count);
	*value = v;
	return true;
}

static bool take_char(struct str *s, char c)
{
	if (s->len == 0 || s->ptr[0] != c)
		return false;
	*s = str_skip(*s, 1);
	return true;
}

static int64_t month_days(int64_t y, int64_t m)
{
	static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m == 2 && leap ? 29 : days[m - 1];
}

bool when_parse(struct str text, int64_t *when_us)
{
	int64_t y, mo, d, h = 0, mi = 0, s = 0, fraction_us = 0;

	if (!take_digits(&text, 4, &y) || !take_char(&text, '-') || !take_digits(&text, 2, &mo) ||
		!take_char(&text, '-') || !take_digits(&text, 2, &d))
		return false;
	if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo))
		return false;
	if (text.len > 0) {
		if (!take_char(&text, 'T') || !take_digits(&text, 2, &h) ||
			!take_char(&text, ':') || !take_digits(&text, 2, &mi) ||
			!take_char(&text, ':') || !take_digits(&text, 2, &s))
			return false;
		if (take_char(&text, '.')) {
			int64_t digit, unit = 100000;

			if (!take_digits(&text, 1, &digit))
				return false;
			do {
				if (unit == 0)
					return false;
				fraction_us += digit * unit;
				unit /= 10;
			} while (take_digits(&text, 1, &digit));
		}
		if (!take_char(&text, 'Z') || text.len > 0 || h > 23 || mi > 59 || s > 59)
			return false;
	}
	*when_us = days_from_civil(y, mo, d) * WHEN_DAY_US + h * WHEN_HOUR_US +
		mi * WHEN_MINUTE_US + s * WHEN_SECOND_US + fraction_us;
	return true;
}
