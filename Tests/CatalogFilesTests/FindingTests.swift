import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing

/// Every kind of finding, with its file and line. The broken line carries the mark `#!`.
struct FindingTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    var file: String
    var old: String
    var new: String
    /// A part of the message.
    var says: String

    init(_ file: String, _ old: String, _ new: String, says: String) {
      self.file = file
      self.old = old
      self.new = new
      self.says = says
    }

    var testDescription: String { "\(file): \(says)" }
  }

  @Test func theSmallCatalogIsClean() throws {
    let folder = try TestFolder(SmallCatalog.files)
    #expect(CatalogFolder.check(folder.path) == [])
    #expect(try CatalogFolder.load(folder.path).kinds.count == 5)
  }

  @Test(arguments: typeFaults + nameFaults + idFaults + ruleFaults + referenceFaults + indicatorFaults + mainFaults)
  func reports(_ fault: Fault) throws {
    let files = SmallCatalog.files(fault.file, replacing: fault.old, with: fault.new)
    #expect(files != SmallCatalog.files, "the fault changes nothing")
    let folder = try TestFolder(files)
    let lines = files[fault.file, default: ""].split(separator: "\n", omittingEmptySubsequences: false)
    let marked = try #require(lines.firstIndex { $0.contains("#!") }) + 1
    let findings = CatalogFolder.check(folder.path)
    let found = findings.filter {
      $0.file == folder.file(fault.file) && $0.line == marked && $0.message.contains(fault.says)
    }
    #expect(found.count == 1, "found: \(findings)")
    for finding in findings {
      #expect(finding.message.hasSuffix(".") && finding.hint.hasSuffix(".") && finding.hint.count > 5)
    }
    #expect(throws: CatalogError.self) { try CatalogFolder.load(folder.path) }
  }

  static let typeFaults = [
    Fault(
      "kinds.toml", "id = 1\ntitle", "id = \"1\" #!\ntitle", says: "`id` of the kind `unit` must be a whole number"),
    Fault("kinds.toml", "title = \"Units\"", "title = 1.5 #!", says: "must be a text between quotes"),
    Fault("kinds.toml", "key = [\"code\"]", "key = \"code\" #!", says: "must be a list, but is a text"),
    Fault("kinds.toml", "key = [\"code\"]", "key = [[]] #!", says: "must be a table, but is a list"),
    Fault("kinds.toml", "append_only = true", "append_only = 1 #!", says: "must be true or false"),
    Fault("kinds.toml", "retired = [60]", "retired = [\"x\"] #!", says: "must be a list of whole numbers"),
    Fault("kinds.toml", "until  = { id = 2, type = \"date\" }", "until = \"date\" #!", says: "must be a table"),
    Fault("kinds.toml", "[person]\n", "[person]\nloose = 1 #!\n", says: "unknown setting `loose`"),
    Fault("kinds.toml", "[unit]\n", "stray = 1 #!\n[unit]\n", says: "The kind `stray` must be a table"),
    Fault("kinds.toml", "type = \"set\" }", "type = \"sets\" } #!", says: "unknown type `sets`"),
    Fault("kinds.toml", "type = \"set\" }", "rule = \"union\" } #!", says: "has no `type`"),
    Fault("kinds.toml", "class = \"local\"", "class = \"secret\" #!", says: "unknown class `secret`"),
    Fault("kinds.toml", "id = 5\nclass = \"local\"", "id = 5", says: "has no `class`").marking("[person]"),
    Fault("kinds.toml", "rule = \"owner\" }", "rule = \"mine\" } #!", says: "unknown rule `mine`"),
    Fault("kinds.toml", "deletion = \"delete_wins\"", "deletion = \"never\" #!", says: "unknown deletion `never`"),
    Fault("kinds.toml", "maximum = 9, rule", "maximum = -9, rule", says: "above its maximum").marking("seats "),
    Fault(
      "kinds.toml", "type = \"text\", local", "type = \"text\", to = \"unit\", local", says: "belongs to columns of"
    )
    .marking("contact "),
    Fault("kinds.toml", "deprecated = true", "deprecatd = true", says: "unknown setting `deprecatd`").marking("old "),
    Fault("kinds.toml", "codes = \"sort\"", "codes = \"sorts\"", says: "unknown code list `sorts`").marking("sort "),
    Fault("kinds.toml", "[\"member\", \"none\"]", "[\"member\", \"member\"]", says: "stands twice").marking("status "),
    Fault("kinds.toml", "[\"member\", \"none\"]", "[]", says: "There are no codes").marking("status "),
    Fault("codes.toml", "  \"primary\",", "  \"primary \", #!", says: "blanks around it"),
    Fault("codes.toml", "axis = [", "numbers = [1] #!\naxis = [", says: "must be a list of texts"),
    Fault("kinds.toml", "currency = \"currency\" }", "currency = \"cur\" } #!", says: "no such column"),
  ]

  static let nameFaults = [
    Fault("kinds.toml", "tags ", "Tags ", says: "The name `Tags`").marking("Tags "),
    Fault("kinds.toml", "tags ", "birlik_tags ", says: "begins with `birlik_`").marking("birlik_tags "),
    Fault("kinds.toml", "tags ", "sqlite_x ", says: "begins with `sqlite_`").marking("sqlite_x "),
    Fault("kinds.toml", "tags ", "select ", says: "a word of SQL").marking("select "),
    Fault("kinds.toml", "tags ", "on ", says: "a word of SQL").marking("on  "),
    Fault("kinds.toml", "tags ", "federation ", says: "every shared kind has anyway").marking("federation "),
    Fault("kinds.toml", "key = [\"code\"]", "key = [\"table\"] #!", says: "a word of SQL"),
    Fault("kinds.toml", "[person", "[order", says: "The name `order` of a kind").marking("[order]"),
    Fault("kinds.toml", "key = [\"code\"]", "key = [\"tags\"]", says: "is used twice").marking("tags "),
    Fault("kinds.toml", "open = { id = 1,", "tags = { id = 1,", says: "is used twice").marking("tags      ="),
  ]

  static let idFaults = [
    Fault("kinds.toml", "id = 5\n", "id = 4 #!\n", says: "which the kind `stated` has already"),
    Fault("kinds.toml", "id = 5\n", "id = 90 #!\n", says: "uses the retired id 90"),
    Fault("kinds.toml", "id = 5\n", "id = 65000 #!\n", says: "outside 1 to 64999"),
    Fault("kinds.toml", "id = 5\n", "id = 0 #!\n", says: "outside 1 to 64999"),
    Fault("kinds.toml", "tags      = { id = 6", "tags      = { id = 5", says: "has already").marking("tags "),
    Fault("kinds.toml", "tags      = { id = 6", "tags      = { id = 1", says: "which the group `open` has")
      .marking("tags "),
    Fault("kinds.toml", "tags      = { id = 6", "tags      = { id = 62", says: "outside 1 to 61").marking("tags "),
    Fault(
      "kinds.toml", "tags      = { id = 6", "tags      = { id = -9223372036854775808", says: "outside 1 to 61"
    ).marking("tags "),
    Fault("kinds.toml", "tags      = { id = 6", "tags      = { id = 60", says: "uses the retired id 60")
      .marking("tags "),
    Fault("kinds.toml", "retired = [60]", "retired = [60, 99] #!", says: "lists 99"),
    Fault("kinds.toml", "key = [\"code\"]", "key = [\"a\", \"b\", \"c\", \"d\", \"e\"] #!", says: "has 5 columns"),
    Fault("kinds.toml", "key = [\"code\"]", "key = [] #!", says: "has 0 columns"),
    Fault("kinds.toml", "\"source\",", "{ name = \"source\", type = \"integer\" }, #!", says: "keys are text"),
    Fault("kinds.toml", "title = \"Units\"", "unique = [\"sort\"] #!", says: "`unique` is refused: two offices"),
    Fault("kinds.toml", "type = \"set\" }", "type = \"set\", unique = true } #!", says: "one of the two would be lost"),
    Fault("codes.toml", "axis = [", "unique = true #!\naxis = [", says: "`unique` is refused"),
  ]

  static let ruleFaults = [
    Fault("kinds.toml", "type = \"set\" }", "type = \"set\", rule = \"latest\" } #!", says: "merge element by element"),
    Fault(
      "kinds.toml", "type = \"text\" }\n\n[stated", "type = \"text\", rule = \"union\" } #!\n\n[stated",
      says: "only sets"),
    Fault(
      "kinds.toml", "type = \"text\" }\n\n[stated", "type = \"text\", rule = \"max\" } #!\n\n[stated", says: "`max`"),
    Fault(
      "kinds.toml", "type = \"text\" }\n\n[stated", "type = \"text\", rule = \"min\" } #!\n\n[stated", says: "`min`"),
    Fault(
      "kinds.toml", "value = { id = 1, type = \"integer\" }",
      "value = { id = 1, type = \"integer\", rule = \"max\" } #!",
      says: "append-only and nobody edits"),
    Fault(
      "kinds.toml", "append_only = true", "append_only = true\ndeletion = \"delete_wins\" #!", says: "ever deleted"),
    Fault(
      "kinds.toml", "name = { id = 1, type = \"text\" }", "name = { id = 1, type = \"text\", rule = \"owner\" } #!",
      says: "never leaves its file"),
    Fault("kinds.toml", "local = true }\n", "local = true, rule = \"owner\" } #!\n", says: "needs no rule")
      .first("contact "),
    Fault("kinds.toml", "local = true }\n", "local = true, group = \"open\" } #!\n", says: "cannot be in a group")
      .first("contact "),
    Fault("kinds.toml", "type = \"set\" }", "type = \"set\", group = \"open\" } #!", says: "cannot be in a group"),
    Fault("kinds.toml", "closed_on = { id = 5,", "closed_on = { id = 5, rule = \"max\",", says: "a rule of its own")
      .marking("closed_on "),
    Fault("kinds.toml", "rule = \"review\" }", "rule = \"max\" } #!", says: "cannot decide over the group"),
    Fault("kinds.toml", "rule = \"review\" }", "rule = \"review\" }\nnone = { id = 30 } #!", says: "has no field"),
  ]

  static let referenceFaults = [
    Fault(
      "kinds.toml", "parent = { id = 1, type = \"ref\", to = \"unit\" }",
      "parent = { id = 1, type = \"ref\", to = \"units\" } #!", says: "refers to the unknown kind `units`"),
    Fault("kinds.toml", "to = \"person\", local = true }", "to = \"person\" } #!", says: "refers to the local kind"),
    Fault("kinds.toml", "type = \"set\" }", "type = \"date\", group = \"opens\" } #!", says: "unknown group `opens`"),
    Fault(
      "kinds.toml", "{ name = \"child\", type = \"ref\", to = \"unit\" },",
      "{ name = \"child\", type = \"ref\", to = \"nobody\" }, #!", says: "refers to the unknown kind `nobody`"),
    Fault("kinds.toml", "type = \"ref\", to = \"person\", local", "type = \"ref\", local", says: "has no `to`")
      .marking("person    ="),
  ]

  static let mainFaults = [
    Fault("catalog.toml", "version = 3", "version = \"3\" #!", says: "must be a whole number"),
    Fault("catalog.toml", "version = 3", "version = 0 #!", says: "outside 1 to"),
    Fault("catalog.toml", "title = \"Small\"", "tittle = \"Small\" #!", says: "unknown setting `tittle`"),
    Fault("catalog.toml", "version = 3", "version = #!", says: "The value cannot be read"),
    Fault("kinds.toml", "[link]\n", "[link #!\n", says: "is not closed"),
    Fault("kinds.toml", "[person]", "[unit] #!", says: "not valid TOML"),
  ]
}

extension FindingTests.Fault {
  /// Marks the first line that begins with the text, which the replacement itself cannot carry a mark for.
  func marking(_ start: String) -> Self {
    let whole = SmallCatalog.files[file, default: ""].replacingOccurrences(of: old, with: new)
    return Self(file, SmallCatalog.files[file, default: ""], Self.marked(whole, start), says: says)
  }

  /// Replaces only in the line that begins with the text.
  func first(_ start: String) -> Self {
    let whole = SmallCatalog.files[file, default: ""]
    let lines = whole.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix(start)
        ? String((line + "\n").replacingOccurrences(of: old, with: new).dropLast()) : String(line)
    }
    return Self(file, whole, lines.joined(separator: "\n"), says: says)
  }

  private static func marked(_ text: String, _ start: String) -> String {
    var isDone = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard !isDone, line.hasPrefix(start) else { return String(line) }
      isDone = true
      return line + " #!"
    }.joined(separator: "\n")
  }
}
