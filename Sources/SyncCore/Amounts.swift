/// The columns of one record that are amounts, with their currencies: what is shown of the record is written as people
/// write it, and every command takes it back as it is shown.
public struct Amounts: Hashable, Sendable {
  /// The currency of each amount by the amount's name; empty where it is not known.
  private var currencies: [String: String] = [:]

  /// No column is an amount.
  public init() {}

  /// - Parameter value: what a column of the record holds, by its name; nil where that is not known.
  public init(_ kind: Kind?, _ value: (String) throws -> Value?) rethrows {
    for amount in kind?.fields ?? [] where amount.type == .money {
      currencies[amount.name] = try kind?.currencyField(of: amount).flatMap { try value($0.name) }?.display ?? ""
    }
  }

  /// The amounts of a record of which these columns are known.
  public init(_ kind: Kind?, among columns: [(name: String, value: Value)]) {
    self.init(kind) { name in columns.first { $0.name.sameBytes(as: name) }?.value }
  }

  /// The same where some columns hold other values.
  public func replaced(_ kind: Kind?, _ columns: [(field: String, value: Value)]) -> Amounts {
    var result = self
    for amount in kind?.fields ?? [] where amount.type == .money {
      guard let name = kind?.currencyField(of: amount)?.name,
        let other = columns.first(where: { $0.field.sameBytes(as: name) })
      else { continue }
      result.currencies[amount.name] = other.value.display
    }
    return result
  }

  /// The currency of an amount: nil for another column, empty where it is not known.
  public func currency(of column: String) -> String? { currencies[column] }

  /// The value of a column as people read it: of an amount a text such as 1000.00, else the value itself.
  public func shown(_ value: Value, of column: String) -> Value {
    guard case .integer(let minor) = value, let currency = currencies[column] else { return value }
    return .text(Money.text(minor, currency: currency))
  }

  /// Columns as people read them.
  public func shown(_ columns: [(name: String, value: Value)]) -> [(name: String, value: Value)] {
    currencies.isEmpty ? columns : columns.map { ($0.name, shown($0.value, of: $0.name)) }
  }
}
