import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing

/// The catalog under `Config/catalog`: it is clean, and it agrees with the registers, column by column.
struct ShippedCatalogTests {
  @Test func checksClean() {
    #expect(CatalogFolder.check(Repository.catalog) == [])
  }

  @Test func loadsAlikeFromBytes() throws {
    let loaded = try CatalogFolder.load(Repository.catalog)
    let files = try CatalogFolder.files(in: Repository.catalog.path)
    #expect(try CatalogFolder.load(files: files) == loaded)
    #expect(loaded.version == 1)
    #expect(CatalogFolder.check(Repository.catalog, against: loaded) == [])
  }

  @Test func hasExactlyTheKindsOfTheRegisters() throws {
    let catalog = try CatalogFolder.load(Repository.catalog)
    #expect(catalog.kinds.map(\.name).sorted() == ExpectedKind.all.map(\.name).sorted())
  }

  @Test(arguments: ExpectedKind.all)
  func hasTheColumnsOfTheRegisters(_ expected: ExpectedKind) throws {
    let catalog = try CatalogFolder.load(Repository.catalog)
    let kind = try #require(catalog.kind(named: expected.name))
    #expect(kind.recordClass == expected.recordClass)
    #expect(kind.appendOnly == expected.appendOnly)
    #expect(kind.deletion == .editWins)
    #expect(kind.key.map { "\($0.name) \(Self.word($0.type))" } == expected.key)
    #expect(kind.fields.map { Self.words($0, in: kind) } == expected.fields)
    #expect(!kind.title.isEmpty && kind.title != kind.name)
  }

  @Test func codesAreThoseOfTheRegisters() throws {
    let catalog = try CatalogFolder.load(Repository.catalog)
    func codes(_ kind: String, _ column: String) -> [String] {
      let found = catalog.kind(named: kind)
      let type = found?.field(named: column)?.type ?? found?.key.first { $0.name == column }?.type
      if case .code(let codes) = type { return codes }
      return []
    }
    let unitKinds = [
      "international", "council", "national_centre", "sectoral_union", "regional_council", "member_organization",
      "primary_organization",
    ]
    #expect(codes("org_unit", "unit_kind") == unitKinds)
    #expect(codes("org_unit", "membership_status") == ["member", "observer", "none"])
    #expect(codes("org_name", "name_role") == ["official", "short", "alias"])
    #expect(codes("org_link", "axis") == ["sectoral", "territorial", "affiliation"])
    #expect(codes("figure", "precision") == ["exact", "rounded", "approx", "at_least"])
    #expect(codes("figure", "basis") == ["declared", "counted", "official", "estimated"])
    #expect(codes("membership_return", "axis") == ["sectoral", "territorial", "affiliation"])
    #expect(codes("membership_return", "method") == ["register", "dues", "estimate"])
    #expect(codes("agreement", "level") == ["general", "sectoral", "regional", "enterprise", "bilateral"])
    #expect(codes("dispute", "outcome") == ["open", "negotiated", "awareness", "strike", "court", "withdrawn"])
    #expect(
      codes("training_event", "programme") == ["introductory", "mandatory", "modular", "legal_literacy", "other"])
    #expect(codes("training_event", "mode") == ["online", "offline", "mixed"])
    #expect(codes("instrument_status", "stage") == ["proposed", "consulted", "ratified", "in_force", "denounced"])
    #expect(codes("cooperation_doc", "doc_kind") == ["agreement", "memorandum", "programme"])
    #expect(codes("action_status", "state") == ["planned", "started", "done", "dropped"])
    #expect(
      codes("meeting", "meeting_kind") == ["congress", "council", "executive", "bilateral", "forum", "commission"])
    let countries = codes("org_unit", "country")
    #expect(countries.count == 249 && Set(countries).count == 249)
    #expect(countries.allSatisfy { $0.utf8.count == 3 })
    #expect(["UZB", "KAZ", "KGZ", "AZE", "TUR", "TKM", "HUN"].allSatisfy(countries.contains))
    #expect(
      ["KZT", "UZS", "KGS", "AZN", "TRY", "TMT", "EUR", "USD"].allSatisfy(codes("aid_operation", "currency").contains))
    let tension = catalog.kind(named: "dispute_week")?.field(named: "tension")
    #expect(tension?.type == .integer(minimum: 0, maximum: 5))
  }

  @Test func groupsWinOrLoseTogether() throws {
    let catalog = try CatalogFolder.load(Repository.catalog)
    func register(_ kind: String, with column: String) -> Register? {
      catalog.kind(named: kind)?.registers.first { $0.fields.contains { $0.name == column } }
    }
    let returns = try #require(register("membership_return", with: "members_total"))
    #expect(returns.fields.count == 8 && returns.rule == .owner)
    let agreement = try #require(register("agreement", with: "signed_on"))
    #expect(agreement.fields.map(\.name) == ["signed_on", "valid_from", "valid_to"])
    let dispute = try #require(register("dispute", with: "outcome"))
    #expect(dispute.fields.map(\.name) == ["outcome", "closed_on"] && dispute.rule == .review)
    #expect(register("mandate", with: "valid_from")?.fields.map(\.name) == ["valid_from", "valid_to"])
    #expect(register("meeting", with: "end_on")?.fields.map(\.name) == ["start_on", "end_on"])
    #expect(register("training_event", with: "end_on")?.fields.map(\.name) == ["start_on", "end_on"])
    #expect(register("dispute", with: "employer") == nil)
  }

  @Test func indicatorsAreThoseOfTheFirstCatalog() throws {
    let catalog = try CatalogFolder.load(Repository.catalog)
    #expect(
      catalog.indicators.map(\.id) == [
        "members", "primary_organizations", "sectoral_unions", "regional_councils", "member_organizations",
        "members_per_primary",
      ])
    let units = Indicator.Units(
      kind: "org_unit", sortField: "unit_kind", openedField: "opened_on", closedField: "closed_on",
      statusField: "membership_status", statuses: ["member", "observer"], linkKind: "org_link", parentField: "parent",
      linkEndField: "valid_to")
    let members = Indicator.Stock(
      kind: "membership_return", unitColumn: "unit", dateColumn: "as_of", axisColumn: "axis", axis: "territorial",
      valueField: "members_total",
      excludedSorts: ["international", "council", "national_centre", "sectoral_union", "regional_council"],
      expectedSorts: ["primary_organization"], units: units,
      published: Indicator.Published(kind: "figure", measure: "members", valueField: "value"))
    #expect(catalog.indicator(named: "members")?.definition == .stock(members))
    for (id, sort) in [
      ("primary_organizations", "primary_organization"), ("sectoral_unions", "sectoral_union"),
      ("regional_councils", "regional_council"), ("member_organizations", "member_organization"),
    ] {
      let published = Indicator.Published(kind: "figure", measure: id, valueField: "value")
      #expect(
        catalog.indicator(named: id)?.definition
          == .openUnits(Indicator.OpenUnits(sort: sort, units: units, published: published)))
    }
    #expect(
      catalog.indicator(named: "members_per_primary")?.definition
        == .ratio(Indicator.Ratio(numerator: "members", denominator: "primary_organizations", factor: 1)))
  }

  // MARK: - Words

  /// A type as the registers write it, without codes and bounds.
  private static func word(_ type: FieldType) -> String {
    switch type {
    case .text: "text"
    case .integer: "integer"
    case .boolean: "boolean"
    case .date: "date"
    case .period: "period"
    case .code: "code"
    case .ref(let kind): "ref(\(kind))"
    case .set: "set"
    case .money: "money"
    }
  }

  /// `name type [rule] [in group] [local]`, the rule where it is not `latest`.
  private static func words(_ field: Field, in kind: Kind) -> String {
    var words = [field.name, word(field.type)]
    if field.rule != .latest { words.append(field.rule.rawValue) }
    if field.group != nil { words.append("grouped") }
    if field.isLocal { words.append("local") }
    return words.joined(separator: " ")
  }
}
