import Foundation

/// Faults of `indicators.toml`.
extension FindingTests {
  static let indicatorFaults = [
    Fault("indicators.toml", "kind = \"count\"", "kind = \"counts\" #!", says: "unknown kind `counts`"),
    Fault("indicators.toml", "kind = \"count\"", "kind = \"person\" #!", says: "local kind `person`"),
    Fault("indicators.toml", "kind = \"count\"", "kind = \"link\" #!", says: "has not the key of a return"),
    Fault("indicators.toml", "axis = \"territorial\"", "axis = \"radial\" #!", says: "unknown code `radial`"),
    Fault("indicators.toml", "value = \"heads\"\n", "value = \"hands\" #!\n", says: "no such field"),
    Fault("indicators.toml", "value = \"heads\"\n", "value = \"note\" #!\n", says: "not a whole number"),
    Fault("indicators.toml", "value = \"heads\"\n", "valeu = \"heads\" #!\n", says: "unknown setting `valeu`"),
    Fault("indicators.toml", "[\"centre\"]", "[\"center\"] #!", says: "unknown code `center`"),
    Fault("indicators.toml", "[\"primary\"]", "[\"primary\", \"centre\"] #!", says: "both expects and excludes"),
    Fault(
      "indicators.toml", "measure = \"heads\", value = \"value\" }",
      "measure = \"heads\", value = \"figure\" } #!", says: "no such field"),
    Fault(
      "indicators.toml", "{ kind = \"stated\", measure = \"heads\"", "{ kind = \"count\", measure = \"heads\"",
      says: "cannot hold published figures"
    ).markingIndicator("published", in: "heads"),
    Fault("indicators.toml", "units = \"tree\"\nsort", "units = \"forest\" #!\nsort", says: "unknown tree of units"),
    Fault("indicators.toml", "sort = \"primary\"", "sort = \"secondary\" #!", says: "unknown code `secondary`"),
    Fault("indicators.toml", "definition = \"ratio\"", "definition = \"mean\" #!", says: "unknown definition `mean`"),
    Fault("indicators.toml", "numerator = \"heads\"", "numerator = \"feet\" #!", says: "unknown indicator `feet`"),
    Fault("indicators.toml", "denominator = \"primaries\"", "denominator = \"heads_each\" #!", says: "is the ratio"),
    Fault("indicators.toml", "factor = 100", "factor = 0 #!", says: "outside 1 to"),
    Fault(
      "indicators.toml", "[[indicator]]\nid = \"primaries\"", "[[indicator]] #!\nid = \"heads\"",
      says: "is defined twice"),
    Fault("indicators.toml", "id = \"heads_each\"", "id = \"Heads\" #!", says: "The name `Heads`"),
    Fault("indicators.toml", "kind = \"unit\"", "kind = \"nothing\" #!", says: "unknown kind `nothing`"),
    Fault("indicators.toml", "sort = \"sort\"", "sort = \"tags\" #!", says: "not a code"),
    Fault("indicators.toml", "opened = \"opened_on\"", "opened = \"tags\" #!", says: "not a date"),
    Fault("indicators.toml", "statuses = [\"member\"]", "statuses = [\"guest\"] #!", says: "unknown code `guest`"),
    Fault("indicators.toml", "links = \"link\"", "links = \"stated\" #!", says: "has not the key of a link"),
    Fault("indicators.toml", "parent = \"parent\"", "parent = \"until\" #!", says: "not a reference to `unit`"),
    Fault("indicators.toml", "link_end = \"until\"", "link_ends = \"until\" #!", says: "unknown setting `link_ends`"),
  ]
}

extension FindingTests.Fault {
  /// Marks the line that begins with the text within the indicator of that id.
  fileprivate func markingIndicator(_ start: String, in id: String) -> Self {
    let whole = SmallCatalog.indicators.replacingOccurrences(of: old, with: new)
    var isInside = false
    let lines = whole.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("id = ") { isInside = line == "id = \"\(id)\"" }
      return isInside && line.hasPrefix(start) ? line + " #!" : String(line)
    }
    return Self(file, SmallCatalog.indicators, lines.joined(separator: "\n"), says: says)
  }
}
