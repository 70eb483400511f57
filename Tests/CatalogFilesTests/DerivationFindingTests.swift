import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing

/// `derivations.toml`: what it means, and every kind of finding with its line. The broken line carries the mark `#!`.
struct DerivationFindingTests {
  static let files = SmallCatalog.files.merging(["people.toml": people, "derivations.toml": derivations]) { $1 }

  static let people = """
    [worker]
    id = 20
    class = "local"
    [worker.fields]
    unit    = { id = 1, type = "ref", to = "unit" }
    since   = { id = 2, type = "date" }
    sex     = { id = 3, type = "text" }
    skills  = { id = 4, type = "set" }
    age     = { id = 5, type = "integer" }

    [tally]
    id = 21
    class = "federation"
    key = [
      { name = "unit", type = "ref", to = "unit" },
      { name = "as_of", type = "date" },
    ]
    [tally.fields]
    heads    = { id = 1, type = "integer", minimum = 0 }
    women    = { id = 2, type = "integer", minimum = 0 }
    method   = { id = 3, type = "code", codes = ["counted", "guessed"] }
    withheld = { id = 4, type = "set" }
    note     = { id = 5, type = "text", local = true }

    [skill]
    id = 22
    class = "federation"
    key = [{ name = "month", type = "period" }, "name"]
    [skill.fields]
    heads    = { id = 1, type = "integer" }
    method   = { id = 2, type = "text" }
    withheld = { id = 3, type = "set" }
    """

  static let derivations = """
    [[derivation]]
    id = "heads"
    from = "worker"
    into = "tally"
    span = "day"
    where = [{ field = "since", date = "reached", or_empty = true }]
    marks = { method = "counted" }
    withheld = "withheld"
    withhold_below = 20
    sums = [{ over = "unit", links = "link", parent = "parent", link_end = "until" }]
    key = { unit = { field = "unit" }, as_of = { span = true } }
    [derivation.measures]
    heads = { count = "rows" }
    women = { count = "rows", where = [{ field = "sex", in = ["f"] }] }

    [[derivation]]
    id = "skills"
    from = "worker"
    into = "skill"
    span = "month"
    marks = { method = "counted" }
    withheld = "withheld"
    key = { month = { span = true }, name = { each = "skills" } }
    measures = { heads = { count = "rows" } }
    """

  @Test("a derivation is read whole")
  func reads() throws {
    let folder = try TestFolder(Self.files)
    #expect(CatalogFolder.check(folder.path) == [])
    let catalog = try CatalogFolder.load(folder.path)
    #expect(
      catalog.derivation(named: "heads")
        == Derivation(
          id: "heads", title: "heads", source: "worker", target: "tally", span: .day, key: [.field("unit"), .span],
          conditions: [Derivation.Condition(field: "since", test: .reached, allowsEmpty: true)],
          measures: [
            Derivation.Measure(field: "heads"),
            Derivation.Measure(field: "women", conditions: [Derivation.Condition(field: "sex", test: .oneOf(["f"]))]),
          ],
          marks: [Derivation.Mark(field: "method", value: "counted")], withheldField: "withheld", threshold: 20,
          sums: [.under(column: "unit", linkKind: "link", parentField: "parent", endField: "until")]))
    #expect(catalog.derivation(named: "skills")?.threshold == 10)
    #expect(catalog.derivation(named: "skills")?.key == [.span, .each("skills")])
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var old: String
    var new: String
    var says: String

    init(_ old: String, _ new: String, says: String) {
      self.old = old
      self.new = new
      self.says = says
    }

    var testDescription: String { says }
  }

  static let faults = [
    Fault("id = \"skills\"", "id = \"heads\"", says: "is defined twice"),
    Fault("from = \"worker\"\ninto = \"tally\"", "from = \"workers\" #!\ninto = \"tally\"", says: "unknown kind"),
    Fault("from = \"worker\"\ninto = \"tally\"", "from = \"tally\" #!\ninto = \"tally\"", says: "which is not local"),
    Fault("into = \"skill\"", "into = \"skills\" #!", says: "unknown kind `skills`"),
    Fault("into = \"tally\"", "into = \"person\" #!", says: "is local, so its figures would never leave"),
    Fault("into = \"tally\"", "into = \"stated\" #!", says: "is written once and never edited"),
    Fault("span = \"day\"", "span = \"year\" #!", says: "unknown span `year`"),
    Fault("span = \"day\"", "span = \"month\"", says: "is no period"),
    Fault("date = \"reached\", or", "date = \"passed\", or", says: "unknown date `passed`"),
    Fault("field = \"since\", date", "field = \"sex\", date", says: "takes `sex` for a date"),
    Fault("field = \"since\", date", "field = \"from\", date", says: "unknown field `from`"),
    Fault("date = \"reached\", or", "or", says: "says nothing of it"),
    Fault("date = \"reached\", or", "date = \"reached\", in = [\"x\"], or", says: "says several things of it"),
    Fault(
      "marks = { method = \"counted\" }\nwithheld = \"withheld\"\nwithhold", "withheld = \"withheld\"\nwithhold",
      says: "has no `marks`"),
    Fault(
      "{ method = \"counted\" }\nwithheld = \"withheld\"\nwithhold",
      "{ method = \"told\" } #!\nwithheld = \"withheld\"\nwithhold", says: "is not a code of this field"),
    Fault(
      "{ method = \"counted\" }\nwithheld = \"withheld\"\nwithhold",
      "{ heads = \"1\" } #!\nwithheld = \"withheld\"\nwithhold", says: "`heads` is not a shared field"),
    Fault("withheld = \"withheld\"\nwithhold", "withheld = \"method\" #!\nwithhold", says: "is not a shared set"),
    Fault("withhold_below = 20", "withhold_below = 4 #!", says: "outside 5 to 1000000"),
    Fault("{ over = \"unit\", links", "{ over = \"axis\", links", says: "`axis` is no key column"),
    Fault("links = \"link\"", "links = \"count\"", says: "does not link the units"),
    Fault("unit = { field = \"unit\" }", "unit = { field = \"sex\" }", says: "is not a reference to the same kind"),
    Fault("unit = { field = \"unit\" }", "unit = { each = \"skills\" }", says: "is not a set for a text"),
    Fault(
      "unit = { field = \"unit\" }", "unit = { field = \"unit\", text = \"x\" }", says: "2 settings instead of one"),
    Fault("unit = { field = \"unit\" }, as_of", "as_of", says: "has no `unit`"),
    Fault("as_of = { span = true }", "as_of = { text = \"2026\" }", says: "does not say for which day"),
    Fault("heads = { count = \"rows\" }\nwomen", "women", says: "no measure counts all rows"),
    Fault("women = { count", "ladies = { count", says: "is not a whole number of `tally`"),
    Fault("women = { count", "note = { count", says: "is not a whole number of `tally`"),
    Fault("[{ field = \"sex\", in", "[{ field = \"age\", in", says: "takes `age` for a word"),
    Fault("in = [\"f\"]", "in = []", says: "lists no word"),
    Fault("measures = { heads = { count = \"rows\" } }", "measures = { heads = { } } #!", says: "says neither what it"),
    Fault("name = { each = \"skills\" }", "name = { text = \"all\" }", says: "that the derivation `heads` counts"),
    Fault("withhold_below = 20", "withold_below = 20 #!", says: "unknown setting `withold_below`"),
  ]

  @Test("what is wrong is reported by line", arguments: faults)
  func reports(_ fault: Fault) throws {
    let text = Self.derivations.replacingOccurrences(of: fault.old, with: fault.new)
    try #require(text != Self.derivations, "the fault changes nothing")
    let folder = try TestFolder(Self.files.merging(["derivations.toml": text]) { $1 })
    let findings = CatalogFolder.check(folder.path)
    let found = findings.filter { $0.message.contains(fault.says) }
    #expect(!found.isEmpty, "found: \(findings)")
    for finding in findings {
      #expect(finding.file == folder.file("derivations.toml"))
      #expect(finding.message.hasSuffix(".") && finding.hint.hasSuffix(".") && finding.hint.count > 5)
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if let marked = lines.firstIndex(where: { $0.contains("#!") }) {
      #expect(found.allSatisfy { $0.line == marked + 1 }, "\(found)")
    }
    #expect(throws: CatalogError.self) { try CatalogFolder.load(folder.path) }
  }

  @Test("what one derivation writes, another may not count")
  func chain() throws {
    let folder = try TestFolder(Self.files)
    var catalog = try CatalogFolder.load(folder.path)
    catalog.derivations[1].source = "tally"
    #expect(catalog.derivations[0].problems(in: catalog).contains { $0.words.contains("another derivation counts") })
  }

  @Test("what could be taken away from each other is refused, by two derivations and by two measures of one")
  func differences() throws {
    let folder = try TestFolder(Self.files)
    let catalog = try CatalogFolder.load(folder.path)
    func words(_ change: (inout Derivation, inout Derivation) -> Void) -> [String] {
      var changed = catalog
      var (first, second) = (catalog.derivations[0], catalog.derivations[0])
      second.id = "again"
      change(&first, &second)
      changed.derivations = [first, second]
      return changed.derivations.flatMap { $0.problems(in: changed).map(\.words) }
    }
    func code(_ codes: [String], orEmpty: Bool = false) -> Derivation.Condition {
      Derivation.Condition(field: "sex", test: .oneOf(codes), allowsEmpty: orEmpty)
    }
    #expect(words { _, _ in }.count == 2, "each of the two reports it")
    #expect(words { _, second in second.conditions.append(code(["f", "m"])) }.count == 2)
    #expect(words { _, second in second.conditions = [] }.count == 2)
    #expect(words { _, second in second.sums = [] }.count == 2)
    #expect(words { _, second in second.key[0] = .federation }.count == 2)
    #expect(
      words { first, second in
        first.conditions.append(code(["f"]))
        second.conditions.append(code(["m"]))
      } == [])
    #expect(
      words { first, second in
        first.conditions.append(code(["f"]))
        second.conditions.append(code(["m"], orEmpty: true))
      }.count == 2)
    // How many there are, and how many came in a month, are different questions; how many there are twice is not.
    func monthly(_ test: Derivation.Test, orEmpty: Bool = false) -> Int {
      words { _, second in
        second.span = .month
        second.conditions = [Derivation.Condition(field: "since", test: test, allowsEmpty: orEmpty)]
      }.count { $0.contains("could be taken from the other") }
    }
    #expect(monthly(.within) == 0 && monthly(.reached) == 2 && monthly(.within, orEmpty: true) == 2)

    func measures(_ conditions: [[Derivation.Condition]]) -> Int {
      var derivation = catalog.derivations[0]
      derivation.measures.removeLast()
      for (index, conditions) in conditions.enumerated() {
        derivation.measures.append(Derivation.Measure(field: "m\(index)", conditions: conditions))
      }
      return derivation.problems(in: catalog).count { $0.words.contains("may be a few people") }
    }
    func younger(_ years: Int) -> Derivation.Condition { .init(field: "since", test: .younger(than: years)) }
    #expect(measures([[code(["f"])], [code(["m"])], [younger(31)]]) == 0)
    #expect(measures([[younger(31)], [younger(30)]]) == 1)
    #expect(measures([[code(["f", "m"])], [code(["f"])]]) == 1)
    #expect(measures([[code(["f"])], [code(["f"]), younger(31)]]) == 1)
    #expect(measures([[code(["f"]), younger(31)], [code(["m"]), younger(31)]]) == 0)
  }

  @Test("a later catalog may withhold more, never less, and counts the same into the same")
  func evolution() throws {
    let first = try TestFolder(Self.files)
    let published = try CatalogFolder.load(first.path)
    func findings(_ old: String, _ new: String) throws -> [CatalogFinding] {
      var files = Self.files
      files["derivations.toml"] = Self.derivations.replacingOccurrences(of: old, with: new)
      files["catalog.toml"] = SmallCatalog.catalog.replacingOccurrences(of: "version = 3", with: "version = 4")
      let folder = try TestFolder(files)
      #expect(CatalogFolder.check(folder.path) == [])
      return CatalogFolder.check(folder.path, against: published)
    }
    #expect(try findings("withhold_below = 20", "withhold_below = 21") == [])
    let lower = try findings("withhold_below = 20", "withhold_below = 19")
    #expect(lower.map(\.line) == [9])
    #expect(lower.first?.message.contains("below 19 instead of 20") == true)
    let folder = try TestFolder(
      Self.files.merging([
        "derivations.toml": Self.derivations.replacingOccurrences(of: "each = \"skills\"", with: "text = \"all\"")
          .replacingOccurrences(of: "from = \"worker\"\ninto = \"skill\"", with: "from = \"person\"\ninto = \"skill\""),
        "catalog.toml": SmallCatalog.catalog.replacingOccurrences(of: "version = 3", with: "version = 4"),
      ]) { $1 })
    #expect(CatalogFolder.check(folder.path) == [])
    let moved = CatalogFolder.check(folder.path, against: published)
    #expect(moved.map(\.line) == [16])
    #expect(moved.first?.message.contains("counts `person` into `skill` instead of `worker`") == true)
    var later = published
    later.derivations[0].threshold = 30
    later.derivations.removeLast()
    let words = CatalogChange.list(from: published, to: later).map(\.words)
    #expect(words.contains { $0.hasPrefix("the derivation heads is defined anew") })
    #expect(words.contains("the derivation skills is removed"))
  }

  @Test("the shipped derivations withhold figures of fewer than ten")
  func shipped() throws {
    let catalog = try CatalogFolder.load(Repository.catalog)
    #expect(catalog.derivations.map(\.id) == ["membership", "consultations"])
    #expect(catalog.derivations.allSatisfy { $0.threshold == 10 })
    #expect(catalog.derivation(named: "membership")?.families == [[1, 4], [2], [3]])
  }
}
