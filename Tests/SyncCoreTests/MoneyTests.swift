import SyncCore
import TestSupport
import Testing

@Suite struct MoneyTests {
  private static let currencies: [String?] = ["KZT", "UZS", "JPY", "KWD", "XXX", "", nil]

  @Test("Every amount is read back as it is written, in every currency")
  func roundTrip() {
    var random = SeededRandom(seed: SeededRandom.firstSeed)
    let edges = [0, 1, -1, 9, 99, 100, -100, 999, 1000, Int64.max, Int64.min]
    for minor in edges
      + (0..<2_000).map({ _ in Int64.random(in: Int64.min...Int64.max, using: &random) >> random.below(60) })
    {
      for currency in Self.currencies {
        let text = Money.text(minor, currency: currency)
        #expect(Money.minor(text, currency: currency) == minor, "\(text) \(currency ?? "-")")
      }
    }
  }

  @Test("What is no amount, or is finer than the currency, is none")
  func wrong() {
    for text in [
      "", "-", ".5", "5.", "1.0.0", "ten", "1e3", "0x10", "10.005", "+5", "1,000.00", "92233720368547758.08",
    ] {
      #expect(Money.minor(text, currency: "KZT") == nil, "\(text)")
    }
    #expect(Money.minor("5.0", currency: "JPY") == nil)
    #expect(Money.minor("1,000", currency: "KWD") == nil)
    #expect(Money.minor("1 000,50", currency: "KZT") == 100_050)
  }

  @Test("Of a record the amounts are shown in its currency, and nothing else is changed")
  func amounts() {
    let codes = FieldType.code(["USD", "EUR", "JPY"])
    let kind = Kind(
      id: 1, name: "aid", recordClass: .everyone, key: [KeyColumn(name: "id", type: .text)],
      fields: [
        Field(id: 1, name: "amount", type: .money), Field(id: 2, name: "currency", type: codes),
        Field(id: 3, name: "number", type: .integer(minimum: nil, maximum: nil)),
      ])
    func shown(_ currency: Value) -> [String] {
      let columns: [(name: String, value: Value)] = [
        ("amount", .integer(1000)), ("currency", currency), ("number", .integer(1000)),
      ]
      return Amounts(kind, among: columns).shown(columns).map(\.value.display)
    }
    #expect(shown(.text("JPY")) == ["1000", "JPY", "1000"])
    #expect(shown(.text("USD")) == ["10.00", "USD", "1000"])
    #expect(shown(.null) == ["10.00", "", "1000"])
    #expect(Amounts().shown(.integer(1000), of: "amount") == .integer(1000))
    #expect(Amounts(kind) { _ in nil }.shown(.text("much"), of: "amount") == .text("much"))
  }
}
