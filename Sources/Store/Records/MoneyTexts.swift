import SyncCore

/// Brings amounts that a person wrote in units of a currency, such as `1000.00 KZT`, into the smallest unit.
struct MoneyTexts {
  private let kind: Kind
  private let amounts: [Field]

  init(_ kind: Kind) {
    self.kind = kind
    amounts = kind.fields.filter { $0.type == .money }
  }

  var isNeeded: Bool { !amounts.isEmpty }

  /// The same texts with amounts as whole numbers. A currency written with an amount goes into its own column.
  ///
  /// - Parameters:
  ///   - addsColumns: whether a column that is not among the texts may be added.
  ///   - standing: what a column of the record holds now; nil where there is no record.
  func minor(
    _ texts: [(field: String, text: String)], addsColumns: Bool, standing: (Field) throws -> String?
  ) throws -> [(field: String, text: String)] {
    var result = texts
    for amount in amounts {
      guard let place = texts.firstIndex(where: { $0.field.sameBytes(as: amount.name) }), !texts[place].text.isEmpty
      else {
        continue
      }
      let (number, written) = Money.split(texts[place].text)
      let field = kind.currencyField(of: amount)
      let column = field.flatMap { field in result.firstIndex { $0.field.sameBytes(as: field.name) } }
      let given = column.map { result[$0].text }.flatMap { $0.isEmpty ? nil : $0 }
      let known = try given ?? field.flatMap(standing).flatMap { $0.isEmpty ? nil : $0 }
      if let written {
        if let known, !known.sameBytes(as: written) {
          throw problem(amount, "it is in \(written), but \(field?.name ?? "the currency") is \(known)")
        }
        if known == nil, let field {
          if let column {
            result[column].text = written
          } else if addsColumns {
            result.append((field.name, written))
          } else {
            throw problem(amount, "write the currency into a column '\(field.name)'")
          }
        }
      }
      guard let minor = Money.minor(number, currency: written ?? known) else {
        let shown = kind.recordClass == .local || amount.isLocal ? "the value" : "'\(texts[place].text)'"
        throw problem(amount, "\(shown) is not an amount like \(Money.text(100_000, currency: written ?? known))")
      }
      result[place].text = String(minor)
    }
    return result
  }

  private func problem(_ field: Field, _ words: String) -> StoreError {
    StoreError(.invalid, "reading the fields", "\(field.name): \(words)")
  }
}

/// A condition on an amount, as people write it: `1000`, `1000.00` or `1000.00 KZT`.
struct AmountFilter {
  let amount: Field
  private let kind: Kind
  private let number: String
  private let currency: String?

  /// Nil for a condition on another column.
  ///
  /// - Throws: `StoreError` with code `invalid` for what is no amount.
  init?(_ kind: Kind, _ filter: (column: String, text: String)) throws {
    guard let field = kind.field(named: filter.column), field.type == .money else { return nil }
    (self.kind, amount) = (kind, field)
    (number, currency) = Money.split(filter.text)
    // In one currency or another it has to be an amount.
    guard ["JPY", "KZT", "KWD"].contains(where: { Money.minor(number, currency: $0) != nil }) else {
      throw StoreError(.invalid, "reading the condition", "\(field.name): it is not an amount like 1000.00")
    }
  }

  /// Whether a record holds the amount, in its own currency.
  func matches(_ record: RecordView) -> Bool {
    guard case .integer(let minor) = record.columns.first(where: { $0.name.sameBytes(as: amount.name) })?.value else {
      return false
    }
    let own = Amounts(kind, among: record.columns).currency(of: amount.name) ?? ""
    return Money.minor(number, currency: own) == minor && (currency.map { $0.sameBytes(as: own) } ?? true)
  }
}
