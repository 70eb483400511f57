import Store
import SyncCore

/// Writes a record's columns for people, amounts in units of their currency.
struct AmountText {
  /// For each amount the column that holds its currency, if any.
  private var currencies: [String: String?] = [:]
  /// Whether the currency's code stands behind an amount.
  private let namesCurrency: Bool

  init(_ kind: Kind?, namesCurrency: Bool) {
    self.namesCurrency = namesCurrency
    guard let kind else { return }
    for field in kind.fields where field.type == .money {
      currencies.updateValue(kind.currencyField(of: field)?.name, forKey: field.name)
    }
  }

  func text(_ column: (name: String, value: Value), in record: RecordView) -> String {
    guard case .integer(let minor) = column.value, let currency = currencies[column.name] else {
      return column.value.display
    }
    let code = currency.flatMap { name in record.columns.first { $0.name == name }?.value.display } ?? ""
    let amount = Money.text(minor, currency: code.isEmpty ? nil : code)
    return namesCurrency && !code.isEmpty ? "\(amount) \(code)" : amount
  }
}
