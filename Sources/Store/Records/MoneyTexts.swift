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
