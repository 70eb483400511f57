import Node
import Store

/// One federation's regional councils and primary organizations, generated from its published figures.
///
/// The numbers of organizations and members are the published ones; which organization has how many members is invented
/// and marked `estimate`. At a smaller scale there are fewer organizations, and the returns add up to the same share of
/// the declared members.
struct DemoTree {
  static let asOf = "2025-10-31"
  static let axis = "territorial"
  /// How many primary organizations of each federation are entered before headquarters goes away, so that everybody has
  /// them and several may edit them.
  static let early = 2
  private static let invented = "Made by birlik demo: invented"

  struct Council {
    var code: String
    var area: String
    /// The area's name.
    var name: String
  }

  let place: DemoPlace
  let country: String
  let declared: Int64
  /// The published number of primary organizations.
  let published: Int64
  let councils: [Council]
  let councilsRemark: String
  /// The members of each primary organization. They add up to `target` exactly.
  let members: [Int64]
  let target: Int64
  /// The council of the first primary organization.
  private let firstCouncil: Int

  var federation: String { place.federation }

  /// The trees of all federations that publish both their members and their primary organizations.
  static func all(_ figures: DemoFigures, scale: Double) -> [DemoTree] {
    [DemoPlace.tashkent, .astana, .bishkek].compactMap { DemoTree($0, figures, scale: scale) }
  }

  private init?(_ place: DemoPlace, _ figures: DemoFigures, scale: Double) {
    let federation = place.federation
    guard let declared = figures.latest("members", of: federation)?.value, declared > 0,
      let published = figures.latest("primary_organizations", of: federation)?.value, published > 0
    else { return nil }
    self.place = place
    self.declared = declared
    self.published = published
    let count = max(Int64(Self.early), Int64((Double(published) * scale).rounded()))
    target = scale == 1 ? declared : declared * count / published
    members = Self.split(target, into: Int(count), seed: federation)
    let areas = DemoAreas(place)
    country = areas.country
    let number =
      figures.latest("regional_councils", of: federation) ?? figures.latest("regional_unions", of: federation)
    councilsRemark = number.map { "Made by birlik demo: their number is published in \($0.source)" } ?? Self.invented
    councils = (0..<(number.map { Int($0.value) } ?? areas.all.count)).map { index in
      let area = index < areas.all.count ? areas.all[index] : nil
      return Council(
        code: "\(federation)-r\(DemoText.padded(index + 1, 2))", area: area?.code ?? "",
        name: area?.name ?? "area \(index + 1)")
    }
    firstCouncil = areas.all.firstIndex { $0.name == areas.first } ?? 0
  }

  /// The code of a primary organization, from 0.
  func code(_ index: Int) -> String { "\(federation)-\(DemoText.padded(index + 1, 6))" }

  func returnKey(_ index: Int) -> String { "\(code(index))/\(Self.asOf)/\(Self.axis)" }

  func council(of index: Int) -> Council { councils[(firstCouncil + index) % councils.count] }

  /// A whole number in parts of very different size that add up to it: each runs from where the last one ended to the
  /// next mark on a scale of random weights, so that no rounding is left over.
  static func split(_ whole: Int64, into count: Int, seed: String) -> [Int64] {
    var state = seed.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    let weights = (0..<count).map { _ -> Int64 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let random = Int64(state >> 33)
      // One in thirty-two is a large enterprise.
      return (10 + random % 60) * (random / 64 % 32 == 0 ? 12 : 1)
    }
    let all = max(1, weights.reduce(0, +))
    var passed: Int64 = 0
    var given: Int64 = 0
    return weights.map { weight in
      passed += weight
      let mark = whole * passed / all
      defer { given = mark }
      return mark - given
    }
  }

  // MARK: Typing in

  /// Types the councils and the first primary organizations.
  func typeBeginning(into store: Store) throws {
    try Self.type(
      into: store, "org_unit", ["code", "unit_kind", "country", "area", "name", "remark"], councils.indices
    ) {
      let council = councils[$0]
      return [
        council.code, "regional_council", country, council.area, "Regional council of \(council.name)", councilsRemark,
      ]
    }
    try Self.type(into: store, "org_link", ["child", "axis", "valid_from", "parent"], councils.indices) {
      [councils[$0].code, Self.axis, "2025-01-01", federation]
    }
    _ = try typePrimaries(0..<Self.early, into: store)
  }

  /// Types everything that was not there at the beginning.
  ///
  /// - Returns: how many rows.
  func typeRest(into store: Store) throws -> Int { try typePrimaries(Self.early..<members.count, into: store) }

  private func typePrimaries(_ range: Range<Int>, into store: Store) throws -> Int {
    try Self.type(into: store, "org_unit", ["code", "unit_kind", "country", "area", "remark"], range) {
      [code($0), "primary_organization", country, council(of: $0).area, Self.invented]
    }
    try Self.type(into: store, "org_link", ["child", "axis", "valid_from", "parent"], range) {
      [code($0), Self.axis, "2025-01-01", council(of: $0).code]
    }
    try Self.type(into: store, "membership_return", ["unit", "as_of", "axis", "members_total", "method"], range) {
      [code($0), Self.asOf, Self.axis, String(members[$0]), "estimate"]
    }
    return range.count * 3
  }

  /// Writes rows as an import does: plain SQL on the plain table, with its triggers, in one transaction.
  private static func type(
    into store: Store, _ kind: String, _ header: [String], _ range: Range<Int>, row: (Int) -> [String]
  ) throws {
    var index = range.lowerBound
    let report = try store.importRows(kind: kind, header: header, isDryRun: false) {
      guard index < range.upperBound else { return nil }
      defer { index += 1 }
      return ImportRow(line: index + 1, texts: row(index))
    }
    if let problem = report.problems.first {
      throw NodeError(.data, "typing in \(kind)", "row \(problem.line): \(problem.reason)")
    }
  }
}

/// The areas of a country by ISO 3166-2, as names for invented regional councils.
struct DemoAreas {
  let country: String
  let all: [(code: String, name: String)]
  /// The area of the first primary organization.
  let first: String

  init(_ place: DemoPlace) {
    switch place {
    case .tashkent: (country, all, first) = ("UZB", Self.uzbekistan, "Samarkand")
    case .astana: (country, all, first) = ("KAZ", Self.kazakhstan, "Karaganda")
    case .bishkek: (country, all, first) = ("KGZ", Self.kyrgyzstan, "Batken")
    default: (country, all, first) = ("", [], "")
    }
  }

  private static let uzbekistan = [
    ("UZ-AN", "Andijan"), ("UZ-BU", "Bukhara"), ("UZ-FA", "Fergana"), ("UZ-JI", "Jizzakh"), ("UZ-NG", "Namangan"),
    ("UZ-NW", "Navoiy"), ("UZ-QA", "Qashqadaryo"), ("UZ-QR", "Karakalpakstan"), ("UZ-SA", "Samarkand"),
    ("UZ-SI", "Sirdaryo"), ("UZ-SU", "Surxondaryo"), ("UZ-TK", "Tashkent city"), ("UZ-TO", "Tashkent region"),
    ("UZ-XO", "Xorazm"),
  ].map { (code: $0.0, name: $0.1) }

  private static let kazakhstan = [
    ("KZ-11", "Akmola"), ("KZ-15", "Aktobe"), ("KZ-19", "Almaty region"), ("KZ-23", "Atyrau"),
    ("KZ-27", "West Kazakhstan"), ("KZ-31", "Jambyl"), ("KZ-35", "Karaganda"), ("KZ-39", "Kostanay"),
    ("KZ-43", "Kyzylorda"), ("KZ-47", "Mangystau"), ("KZ-55", "Pavlodar"), ("KZ-59", "North Kazakhstan"),
    ("KZ-61", "Turkistan"), ("KZ-63", "East Kazakhstan"), ("KZ-71", "Astana"), ("KZ-75", "Almaty city"),
    ("KZ-79", "Shymkent"),
  ].map { (code: $0.0, name: $0.1) }

  private static let kyrgyzstan = [
    ("KG-B", "Batken"), ("KG-C", "Chuy"), ("KG-GB", "Bishkek city"), ("KG-GO", "Osh city"), ("KG-J", "Jalal-Abad"),
    ("KG-N", "Naryn"), ("KG-O", "Osh region"), ("KG-T", "Talas"), ("KG-Y", "Issyk-Kul"),
  ].map { (code: $0.0, name: $0.1) }
}
