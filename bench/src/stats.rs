//! Samples to figures.

/// The middle of many samples, and how far the middle half of them is apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Half of the samples are below.
    pub median: f64,
    /// From the first quartile to the third, as a share of the median.
    pub spread: f64,
}

impl Summary {
    /// Sums up samples; all zeros where there are none.
    #[must_use]
    pub fn of(samples: &[f64]) -> Summary {
        let median = median(samples);
        let width = quantile(samples, 0.75) - quantile(samples, 0.25);
        Summary { median, spread: if median > 0.0 { width / median } else { 0.0 } }
    }
}

/// The middle of the samples.
#[must_use]
pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The sample that `share` of all are not above.
#[must_use]
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_samples() {
        let samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!((quantile(&samples, 0.5), quantile(&samples, 0.99)), (50.0, 99.0));
        assert_eq!((quantile(&[3.0], 0.99), quantile(&[], 0.5)), (3.0, 0.0));
    }

    #[test]
    fn the_spread_is_relative() {
        let summary = Summary::of(&[10.0, 10.0, 10.0, 10.0]);
        assert_eq!(summary, Summary { median: 10.0, spread: 0.0 });
    }
}
