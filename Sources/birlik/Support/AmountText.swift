import Store
import SyncCore

/// Writes a record's columns for people, amounts in units of their currency.
struct AmountText {
  private let kind: Kind?
  /// Whether the currency's code stands behind an amount.
  private let namesCurrency: Bool

  init(_ kind: Kind?, namesCurrency: Bool) {
    self.kind = kind
    self.namesCurrency = namesCurrency
  }

  func text(_ column: (name: String, value: Value), in record: RecordView) -> String {
    guard case .integer = column.value, kind?.field(named: column.name)?.type == .money else {
      return column.value.display
    }
    let amounts = Amounts(kind, among: record.columns)
    let amount = amounts.shown(column.value, of: column.name).display
    guard namesCurrency, let code = amounts.currency(of: column.name), !code.isEmpty else { return amount }
    return "\(amount) \(code)"
  }
}
