//! Moments as text, without a date library: RFC 3339 in UTC.

const DAY_MS: i64 = 86_400_000;

/// Writes a moment as `2026-11-22T03:20:00.123Z`.
pub(crate) fn rfc3339_millis(unix_ms: i64) -> String {
    let (year, month, day) = date(unix_ms);
    let (hour, minute, second, milli) = clock(unix_ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Writes a moment as `2026-11-22T03:20:00Z`.
pub(crate) fn rfc3339_seconds(unix_ms: i64) -> String {
    let (year, month, day) = date(unix_ms);
    let (hour, minute, second, _) = clock(unix_ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes a moment as `03:20`, in UTC.
pub(crate) fn hour_minute(unix_ms: i64) -> String {
    let (hour, minute, _, _) = clock(unix_ms);
    format!("{hour:02}:{minute:02}")
}

/// Writes the day of a moment as `2026-11-22`, in UTC.
pub(crate) fn day(unix_ms: i64) -> String {
    let (year, month, day) = date(unix_ms);
    format!("{year:04}-{month:02}-{day:02}")
}

fn clock(unix_ms: i64) -> (i64, i64, i64, i64) {
    let of_day = unix_ms.rem_euclid(DAY_MS);
    (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60, of_day % 1000)
}

/// Days since 1970 to a date of the Gregorian calendar, counted in eras of 400 years that begin on a first of March, so
/// that the leap day comes last.
fn date(unix_ms: i64) -> (i64, i64, i64) {
    let days = unix_ms.div_euclid(DAY_MS) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_as_rfc_3339() {
        assert_eq!(rfc3339_millis(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339_millis(1_795_317_600_123), "2026-11-22T03:20:00.123Z");
        assert_eq!(rfc3339_millis(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(rfc3339_seconds(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339_seconds(4_107_542_400_000), "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339_millis(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn clock_and_day_are_parts_of_the_same_moment() {
        assert_eq!(
            (day(1_795_317_600_123), hour_minute(1_795_317_600_123)),
            ("2026-11-22".into(), "03:20".into())
        );
    }
}
