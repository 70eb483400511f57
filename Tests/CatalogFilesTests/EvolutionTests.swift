import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing

/// What may follow upon a published catalog.
struct EvolutionTests {
  struct Step: Sendable, CustomTestStringConvertible {
    var old: String
    var new: String
    /// A part of the message; empty when the step is allowed.
    var says: String
    /// The beginning of the line that the finding names.
    var line: String

    init(_ old: String, _ new: String, says: String = "", at line: String = "") {
      self.old = old
      self.new = new
      self.says = says
      self.line = line
    }

    var testDescription: String { says.isEmpty ? "allowed: \(new)" : says }
  }

  private static func published() throws -> Catalog {
    let folder = try TestFolder(SmallCatalog.files)
    return try CatalogFolder.load(folder.path)
  }

  /// The small catalog at its next version, with a change to its kinds.
  private static func next(_ step: Step) -> [String: String] {
    var files = SmallCatalog.files("kinds.toml", replacing: step.old, with: step.new)
    files["catalog.toml"] = SmallCatalog.catalog.replacingOccurrences(of: "version = 3", with: "version = 4")
    return files
  }

  @Test(arguments: refused)
  func refuses(_ step: Step) throws {
    let files = Self.next(step)
    #expect(files["kinds.toml"] != SmallCatalog.kinds, "the step changes nothing")
    let folder = try TestFolder(files)
    #expect(CatalogFolder.check(folder.path) == [])
    let findings = CatalogFolder.check(folder.path, against: try Self.published())
    let lines = files["kinds.toml", default: ""].split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.hasPrefix(step.line) }) + 1
    #expect(findings.count == 1)
    #expect(findings.first?.file == folder.file("kinds.toml"))
    #expect(findings.first?.line == line, "\(findings)")
    #expect(findings.first?.message.contains(step.says) == true, "\(findings)")
  }

  static let refused = [
    Step("tags      = { id = 6, type = \"set\" }\n", "", says: "is removed, but its id 6 is not retired", at: "[unit]"),
    Step("tags      = { id = 6, type = \"set\" }\n", "", says: "people and nodes still fill it", at: "[unit]")
      .retiring(6),
    Step(
      "old       = { id = 12", "end       = { id = 13, type = \"date\", group = \"open\" }\nold       = { id = 12",
      says: "joins the published group `open`", at: "end "),
    Step(
      "tags      = { id = 6", "marks     = { id = 6", says: "belongs to the published `tags` and is reused", at: "marks"
    ),
    Step("tags      = { id = 6", "tags      = { id = 13", says: "changes its id from 6 to 13", at: "tags"),
    Step(
      "tags      = { id = 6, type = \"set\"", "tags      = { id = 6, type = \"text\"", says: "changes its type",
      at: "tags"),
    Step("[\"member\", \"none\"]", "[\"member\", \"guest\"]", says: "allows less than before", at: "status"),
    Step("maximum = 9", "maximum = 8", says: "allows less than before", at: "seats"),
    Step("minimum = 0, ", "minimum = 1, ", says: "allows less than before", at: "seats"),
    Step(
      "heads = { id = 1, type = \"integer\", rule = \"owner\" }", "heads = { id = 1, type = \"integer\" }",
      says: "changes its rule from owner to latest", at: "heads"),
    Step(
      "note  = { id = 2, type = \"text\" }", "note  = { id = 2, type = \"text\", rule = \"owner\" }",
      says: "changes its rule from latest to owner", at: "note"),
    Step(
      "open = { id = 1, rule = \"review\" }", "open = { id = 1, rule = \"owner\" }",
      says: "group `open` of the kind `unit` changes its rule", at: "open "),
    Step("open = { id = 1,", "open = { id = 20,", says: "changes its id from 1 to 20", at: "open "),
    Step(
      "id = 3\nclass = \"federation\"", "id = 3\nclass = \"everyone\" # now",
      says: "changes its class from federation to everyone", at: "class = \"everyone\" # now"),
    Step(
      "id = 5\n", "id = 5\nappend_only = true # now\n", says: "changes `append_only`", at: "append_only = true # now"),
    Step("key = [\"code\"]", "key = [\"name\"]", says: "changes its key", at: "key = [\"name\"]"),
    Step("id = 5\n", "id = 5\nkey = [\"id\", \"more\"]\n", says: "changes its key", at: "key = [\"id\", \"more\"]"),
    Step("\"measure\",", "{ name = \"measure\", type = \"period\" },", says: "changes its key", at: "key = [ # stated"),
    Step(
      "contact   = { id = 8, type = \"text\", local = true }", "contact   = { id = 8, type = \"text\" }",
      says: "changes `local`", at: "contact"),
    Step(
      "opened_on = { id = 4, type = \"date\", group = \"open\" }", "opened_on = { id = 4, type = \"date\" }",
      says: "moves into or out of a group", at: "opened_on"),
    Step("retired = [60]\n", "", says: "is not listed any more", at: "[unit]"),
    Step(
      "old       = { id = 12, type = \"text\", deprecated = true }", "old       = { id = 12, type = \"date\" }",
      says: "changes its type", at: "old"),
  ]

  @Test(arguments: [
    Step(
      "tags      = { id = 6, type = \"set\" }",
      "tags      = { id = 6, type = \"set\" }\nmore = { id = 13, type = \"date\" }"),
    Step("[\"member\", \"none\"]", "[\"none\", \"member\", \"guest\"]"),
    Step("maximum = 9", "maximum = 90"),
    Step("minimum = 0, maximum = 9, ", ""),
    Step("rule = \"max\"", "rule = \"min\""),
    Step("rule = \"review\"", "rule = \"frozen\""),
    Step("deletion = \"delete_wins\"", "deletion = \"edit_wins\""),
    Step("type = \"set\" }", "type = \"set\", deprecated = true }"),
    Step("title = \"Units\"", "title = \"Organizations\""),
    Step("retired = [60]", "retired = [59, 60]"),
    Step("old       = { id = 12, type = \"text\", deprecated = true }\n", "").retiring(12),
    Step(
      "[person]",
      "[extra]\nid = 6\nclass = \"everyone\"\n[extra.fields]\nname = { id = 1, type = \"text\" }\n\n[person]"),
  ])
  func allows(_ step: Step) throws {
    let files = Self.next(step)
    #expect(files["kinds.toml"] != SmallCatalog.kinds, "the step changes nothing")
    let folder = try TestFolder(files)
    #expect(CatalogFolder.check(folder.path, against: try Self.published()) == [])
  }

  @Test func refusesAVersionThatWasNotRaised() throws {
    let folder = try TestFolder(SmallCatalog.files("kinds.toml", replacing: "\"Units\"", with: "\"Organizations\""))
    let findings = CatalogFolder.check(folder.path, against: try Self.published())
    #expect(findings.map(\.line) == [2])
    #expect(findings.first?.file == folder.file("catalog.toml"))
    #expect(findings.first?.hint == "Raise it to 4.")
  }

  @Test func refusesALowerVersion() throws {
    let folder = try TestFolder(SmallCatalog.files("catalog.toml", replacing: "version = 3", with: "version = 2"))
    let findings = CatalogFolder.check(folder.path, against: try Self.published())
    #expect(findings.map(\.line) == [2])
    #expect(findings.first?.message.contains("version 3 is published already") == true)
  }

  @Test func refusesAKindThatWentWithoutBeingRetired() throws {
    var published = try Self.published()
    published.kinds.append(
      Kind(id: 50, name: "gone", recordClass: .everyone, key: [KeyColumn(name: "id", type: .text)], fields: []))
    published.version = 2
    let folder = try TestFolder(SmallCatalog.files)
    let findings = CatalogFolder.check(folder.path, against: published)
    #expect(findings.map(\.line) == [4])
    #expect(findings.first?.message.contains("kind `gone` is removed") == true)
    let retiring = try TestFolder(SmallCatalog.files("catalog.toml", replacing: "[90]", with: "[50, 90]"))
    #expect(CatalogFolder.check(retiring.path, against: published) == [])
  }

  @Test func refusesReusedAndForgottenIDsOfKinds() throws {
    var published = try Self.published()
    published.version = 2
    published.retiredKinds = [5, 80]
    published.kinds.removeAll { $0.id == 5 || $0.id == 4 }
    published.kinds.append(
      Kind(id: 4, name: "other", recordClass: .everyone, key: [KeyColumn(name: "id", type: .text)], fields: []))
    let folder = try TestFolder(SmallCatalog.files)
    let messages = CatalogFolder.check(folder.path, against: published).map(\.message)
    #expect(messages.count == 3)
    #expect(messages.contains { $0.contains("The id 4 belongs to the published kind `other`") })
    #expect(messages.contains { $0.contains("The kind `person` uses the id 5 again") })
    #expect(messages.contains { $0.contains("The kind id 80 was retired") })
  }

  @Test func refusesAReusedIDOfAColumnRetiredByAPublishedCatalog() throws {
    var published = try Self.published()
    published.version = 2
    for index in published.kinds.indices where published.kinds[index].name == "unit" {
      published.kinds[index].fields.removeAll { $0.id == 6 }
      published.kinds[index].retiredFields = [6, 60]
    }
    let folder = try TestFolder(SmallCatalog.files)
    let findings = CatalogFolder.check(folder.path, against: published)
    #expect(findings.count == 1)
    #expect(findings.first?.message.contains("`tags` of the kind `unit` uses the id 6 again") == true)
  }

  @Test func warnsOfWhatIsDeprecated() throws {
    let folder = try TestFolder(SmallCatalog.files)
    let warnings = CatalogFolder.warnings(folder.path)
    #expect(warnings.count == 1)
    #expect(warnings.first?.message.contains("`old` of the kind `unit` is deprecated") == true)
    #expect(warnings.first?.file == folder.file("kinds.toml"))
    let wrong = try TestFolder(SmallCatalog.files("kinds.toml", replacing: "type = \"set\" }", with: "type = \"x\" }"))
    #expect(CatalogFolder.warnings(wrong.path) == [])
  }

  @Test func tellsWhatIsDifferent() throws {
    let old = try Self.published()
    var new = old
    new.version += 1
    let index = try #require(new.kinds.firstIndex { $0.name == "unit" })
    var fields = new.kinds[index].fields
    fields.append(Field(id: 20, name: "phone", type: .text))
    for place in fields.indices where fields[place].name == "status" {
      fields[place].type = .code(["member", "none", "partner"])
    }
    for place in fields.indices where fields[place].name == "tags" { fields[place].isDeprecated = true }
    new.kinds[index].fields = fields.filter { $0.name != "old" }
    new.indicators.removeAll()
    let words = CatalogChange.list(from: old, to: new).map(\.description)
    #expect(words.contains("unit: the column phone (text) is added"))
    #expect(words.contains("unit: the column status allows the code partner as well"))
    #expect(words.contains("unit: the column tags is deprecated: new records should leave it empty"))
    #expect(words.contains { $0.hasPrefix("unit: the column old is removed") })
    #expect(words.contains { $0.hasPrefix("the indicator ") && $0.hasSuffix("is removed") })
    #expect(CatalogChange.list(from: old, to: old) == [])
  }

  @Test func findingsOfTheFolderComeFirst() throws {
    let folder = try TestFolder(SmallCatalog.files("kinds.toml", replacing: "type = \"set\" }", with: "type = \"x\" }"))
    let findings = CatalogFolder.check(folder.path, against: try Self.published())
    #expect(findings == CatalogFolder.check(folder.path))
  }
}

extension EvolutionTests.Step {
  /// The step, with one more retired id in the kind `unit`.
  func retiring(_ id: Int) -> Self {
    let new = SmallCatalog.kinds.replacingOccurrences(of: old, with: new)
      .replacingOccurrences(of: "retired = [60]", with: "retired = [60, \(id)]")
    return Self(SmallCatalog.kinds, new, says: says, at: line)
  }
}
