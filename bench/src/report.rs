//! Rows on the terminal, for people or as one JSON object a line.

#![allow(clippy::print_stdout, reason = "a bench is a program for the terminal")]

use serde_json::{Map, Value, json};

/// A limit that a figure of the row must keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// The named figure may not be above this.
    AtMost(&'static str, f64),
    /// The named figure may not be below this.
    AtLeast(&'static str, f64),
}

/// One line of a report: a name, figures with their units in their names, and the bars they are held to.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    name: String,
    figures: Vec<(&'static str, Value)>,
    bars: Vec<Bar>,
}

impl Row {
    /// Begins a row.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Row {
        Row { name: name.into(), figures: Vec::new(), bars: Vec::new() }
    }

    /// Adds a figure, rounded to four digits.
    #[must_use]
    pub fn figure(mut self, name: &'static str, value: f64) -> Row {
        self.figures.push((name, json!(rounded(value))));
        self
    }

    /// Adds a figure where it was measured.
    #[must_use]
    pub fn figure_if(self, name: &'static str, value: Option<f64>) -> Row {
        match value {
            Some(value) => self.figure(name, value),
            None => self,
        }
    }

    /// Says that a figure cannot be: the other side has nothing of the kind. In JSON it is `null`.
    #[must_use]
    pub fn without(mut self, name: &'static str) -> Row {
        self.figures.push((name, Value::Null));
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn note(mut self, name: &'static str, text: impl Into<String>) -> Row {
        self.figures.push((name, json!(text.into())));
        self
    }

    /// Holds a figure of this row to a limit. A figure that is absent keeps it.
    #[must_use]
    pub fn bar(mut self, bar: Bar) -> Row {
        self.bars.push(bar);
        self
    }

    fn verdicts(&self) -> impl Iterator<Item = (Bar, bool)> {
        self.bars.iter().filter_map(|&bar| {
            let (Bar::AtMost(name, _) | Bar::AtLeast(name, _)) = bar;
            let value = self.figures.iter().find(|(figure, _)| *figure == name)?.1.as_f64()?;
            let kept = match bar {
                Bar::AtMost(_, limit) => value <= limit,
                Bar::AtLeast(_, limit) => value >= limit,
            };
            Some((bar, kept))
        })
    }

    fn json(&self) -> String {
        let mut object = Map::new();
        object.insert("bench".to_owned(), json!(self.name));
        object.extend(self.figures.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let bars = self.verdicts().map(|(bar, kept)| json!({ "bar": words(bar), "kept": kept }));
        let bars: Vec<Value> = bars.collect();
        if !bars.is_empty() {
            object.insert("bars".to_owned(), Value::Array(bars));
        }
        Value::Object(object).to_string()
    }

    fn text(&self) -> String {
        let mut text = format!("{:<22}", self.name);
        for (name, value) in self.figures.iter().filter(|(_, value)| !value.is_null()) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!("  {name} {value}"));
        }
        for (bar, kept) in self.verdicts() {
            text.push_str(&format!("  [{}: {}]", words(bar), if kept { "kept" } else { "MISSED" }));
        }
        text
    }
}

fn words(bar: Bar) -> String {
    match bar {
        Bar::AtMost(name, limit) => format!("{name} <= {limit}"),
        Bar::AtLeast(name, limit) => format!("{name} >= {limit}"),
    }
}

/// Four digits: no bench is more exact.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    if digits <= 0 {
        return value.round();
    }
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// Prints rows as they are measured.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    json: bool,
}

impl Report {
    /// Prints JSON lines, or text for people.
    #[must_use]
    pub fn new(json: bool) -> Report {
        Report { json }
    }

    /// Prints a row.
    pub fn row(&self, row: &Row) {
        println!("{}", if self.json { row.json() } else { row.text() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_json_object() {
        let row = Row::new("encrypt_1k").figure("waxwing_us", 1.23456).bar(Bar::AtMost("waxwing_us", 2.0));
        let parsed: Value = serde_json::from_str(&row.json()).unwrap();
        assert_eq!(parsed["bench"], "encrypt_1k");
        assert_eq!(parsed["waxwing_us"], 1.235);
        assert_eq!(parsed["bars"][0]["kept"], true);
    }

    #[test]
    fn what_cannot_be_is_null_in_json_and_nothing_in_text() {
        let row = Row::new("attachment_mib").without("vodozemac_us").figure("floor_us", 1.0);
        let parsed: Value = serde_json::from_str(&row.json()).unwrap();
        assert!(parsed.as_object().unwrap().contains_key("vodozemac_us") && parsed["vodozemac_us"].is_null());
        assert!(!row.text().contains("vodozemac"));
    }

    #[test]
    fn a_missed_bar_is_seen() {
        let row = Row::new("drain").figure("per_second", 10.0).bar(Bar::AtLeast("per_second", 20.0));
        assert!(row.text().contains("MISSED"));
    }

    #[test]
    fn a_bar_on_a_figure_that_is_absent_says_nothing() {
        let row = Row::new("pairs").bar(Bar::AtLeast("ratio", 1.1));
        assert!(!row.text().contains("ratio"));
    }

    #[test]
    fn figures_keep_four_digits() {
        assert_eq!(rounded(0.000_123_456), 0.000_123_5);
        assert_eq!(rounded(123_456.7), 123_457.0);
        assert_eq!(rounded(0.0), 0.0);
    }
}
