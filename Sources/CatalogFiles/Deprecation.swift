import SyncCore

/// Warns of deprecated columns and of indicators that are counted from them. These are no errors.
struct Deprecation {
  let draft: CatalogDraft
  let findings: FindingList

  func warn() {
    for kind in draft.kinds {
      for field in kind.kind.fields where field.isDeprecated {
        findings.add(
          kind.place(of: field.name),
          "The column `\(field.name)` of the kind `\(kind.kind.name)` is deprecated: new records should leave it empty.",
          hint: "Once nobody fills it, remove it and add \(field.id) to `retired`; its values stay in the log.")
      }
    }
    for indicator in draft.indicators { warn(indicator) }
  }

  private func warn(_ indicator: IndicatorDraft) {
    for (kind, name) in columns(of: indicator.indicator)
    where draft.kind(named: kind)?.field(named: name)?.isDeprecated == true {
      findings.add(
        indicator.place,
        "The indicator `\(indicator.indicator.id)` is counted from the deprecated column `\(name)` of the kind `\(kind)`.",
        hint: "Count it from the column that replaces it.")
    }
  }

  private func columns(of indicator: Indicator) -> [(kind: String, column: String)] {
    func units(_ units: Indicator.Units) -> [(kind: String, column: String)] {
      [units.sortField, units.openedField, units.closedField, units.statusField].map { (units.kind, $0) }
        + [units.parentField, units.linkEndField].map { (units.linkKind, $0) }
    }
    switch indicator.definition {
    case .stock(let stock):
      return [(stock.kind, stock.valueField), (stock.published.kind, stock.published.valueField)] + units(stock.units)
    case .openUnits(let open): return [(open.published.kind, open.published.valueField)] + units(open.units)
    case .ratio: return []
    }
  }
}
