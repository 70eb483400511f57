import Foundation
import Limits
import SyncCore
import TestSupport
import Testing

@testable import CatalogFiles

/// Whatever the files hold, there are findings or a catalog, and never a crash.
struct HostileInputTests {
  private static let base = SmallCatalog.files.map { CatalogText(name: $0.key, bytes: Array($0.value.utf8)) }
    .sorted { $0.name < $1.name }

  private static func findings(_ files: [CatalogText]) -> [CatalogFinding] {
    do {
      _ = try CatalogFolder.load(files: files)
      return []
    } catch {
      return error.findings
    }
  }

  /// The findings of a catalog with these kinds and nothing else.
  private static func findings(kinds bytes: [UInt8]) -> [CatalogFinding] {
    findings([
      CatalogText(name: "catalog.toml", bytes: Array(SmallCatalog.catalog.utf8)),
      CatalogText(name: "kinds.toml", bytes: bytes),
    ])
  }

  /// Every finding has its line, what is wrong and what to do.
  private static func expectWords(
    _ findings: [CatalogFinding], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      findings.allSatisfy { $0.line >= 1 && !$0.message.isEmpty && !$0.hint.isEmpty }, sourceLocation: sourceLocation)
  }

  @Test func truncatedFilesAreSurvived() {
    for file in Self.base {
      for count in stride(from: 0, to: file.bytes.count, by: 7) {
        let short = CatalogText(name: file.name, bytes: Array(file.bytes.prefix(count)))
        let found = Self.findings(Self.base.map { $0.name == file.name ? short : $0 })
        Self.expectWords(found)
      }
    }
  }

  @Test func alteredBytesAreSurvived() {
    var random = SeededRandom(seed: 7)
    for file in Self.base {
      for offset in stride(from: 0, to: file.bytes.count, by: 7) {
        var bytes = file.bytes
        bytes[offset] = UInt8.random(in: 0...255, using: &random)
        Self.expectWords(
          Self.findings(Self.base.map { $0.name == file.name ? CatalogText(name: file.name, bytes: bytes) : $0 }))
      }
    }
  }

  @Test func randomBytesAreSurvived() {
    var random = SeededRandom(seed: 1)
    for _ in 0..<2_000 {
      let count = Int.random(in: 0...200, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      Self.expectWords(Self.findings(kinds: bytes))
    }
  }

  @Test func randomTOMLishTextIsSurvived() {
    var random = SeededRandom(seed: 2)
    let batches = [
      "[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", " ", "#", "\\",
      "\\u0041",
      "unit", "id", "fields", "key", "class", "unique", "type", "\"text\"", "1", "-9223372036854775808",
      "9223372036854775807", "99999999999999999999", "0x7f", "1e400", "nan", "inf", "true", "2025-10-31",
      "2025-10-31T07:32:00Z", "07:32:00", "\u{FEFF}", "ı", "é", "e\u{301}", "\"\"", "''", "[unit]\n", "a = 1\n",
      "f = { id = 1, type = \"text\" }\n",
    ]
    for _ in 0..<3_000 {
      let count = Int.random(in: 0...30, using: &random)
      let text = (0..<count).map { _ in batches.randomElement(using: &random) ?? "" }.joined()
      Self.expectWords(Self.findings(kinds: Array(text.utf8)))
    }
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000), "a = " + String(repeating: "[", count: 3_000),
    "a = " + String(repeating: "{a=", count: 1_000), "a = " + String(repeating: "[\n", count: 200_000),
    "[" + String(repeating: "a.", count: 2_000) + "a]", "[" + String(repeating: "a.", count: 400_000) + "a]\nb = \n",
    String(repeating: "a.", count: 2_000) + "a = 1",
    "a = \"\"\"\n\"\"\"\"\"\"\n[" + String(repeating: "a.", count: 100) + "a]",
  ])
  func nestingIsBounded(_ text: String) {
    let found = Self.findings(kinds: Array(text.utf8))
    #expect(!found.isEmpty)
  }

  @Test func deepNestingIsNamedWithItsLine() {
    let found = Self.findings(kinds: Array("\n\nx = \(String(repeating: "[", count: 40))".utf8))
    #expect(found.first?.line == 3)
    #expect(found.first?.message.contains("nested too deeply") == true)
  }

  @Test(arguments: [
    ("\u{0}", 1, "zero byte"), ("a = 1\nb = \"\\u0000\"", 2, "escaped zero"),
    ("a = 1\n# \(String(repeating: "x", count: 5_000))", 2, "longer than"),
  ])
  func textsThatTheParserWouldCutAreRefused(_ text: String, _ line: Int, _ words: String) {
    let found = Self.findings(kinds: Array(text.utf8))
    #expect(found.first?.line == line)
    #expect(found.first?.message.contains(words) == true)
  }

  @Test func anotherEncodingIsNamedWithItsLine() {
    let found = Self.findings(kinds: Array("a = 1\nb = \"".utf8) + [0xE7, 0x22])
    #expect(found.first?.line == 2)
    #expect(found.first?.message.contains("not UTF-8") == true)
  }

  @Test func keysThatSwiftHoldsEqualStayApart() {
    let found = Self.findings(kinds: Array("\"\u{E9}\" = 1\n\"e\u{301}\" = 2\n".utf8))
    #expect(found.map(\.line) == [1, 2])
  }

  @Test func controlCharactersDoNotReachTheTerminal() {
    let found = Self.findings(kinds: Array(#""a\u001B[31m\nb" = 1"#.utf8))
    #expect(found.map(\.line) == [1])
    #expect(found.allSatisfy { $0.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } })
  }

  @Test func foldersThatCannotBeReadAreReported() throws {
    let missing = CatalogFolder.check("/nowhere/at/all")
    #expect(missing.count == 1 && missing.first?.message == "The catalog's folder cannot be read.")
    let error = #expect(throws: CatalogError.self) { try CatalogFolder.load("/nowhere/at/all") }
    #expect(error?.code == .unreadable)
    let folder = try TestFolder([:])
    #expect(CatalogFolder.check(folder.path).map(\.message) == ["The catalog has no file `catalog.toml`."])
    try FileManager.default.createDirectory(atPath: folder.file("odd.toml"), withIntermediateDirectories: true)
    #expect(CatalogFolder.check(folder.path).map(\.message) == ["This is not a regular file."])
  }

  @Test func emptyCatalogsAndLargeFilesAreRefused() throws {
    let folder = try TestFolder(["catalog.toml": "version = 1\ntitle = \"x\"\n"])
    #expect(CatalogFolder.check(folder.path).map(\.message) == ["The catalog has no kinds."])
    try folder.write(Array(repeating: 0x23, count: CatalogFileLimits.fileBytes + 1), to: "big.toml")
    #expect(CatalogFolder.check(folder.path).map(\.message) == ["The file is larger than 1048576 bytes."])
  }

  @Test func kindsInTwoFilesAreNamedInBoth() throws {
    var files = SmallCatalog.files
    files["more.toml"] =
      "# again\n[unit]\nid = 7\nclass = \"everyone\"\n[unit.fields]\na = { id = 1, type = \"text\" }\n"
    let folder = try TestFolder(files)
    let found = CatalogFolder.check(folder.path)
    #expect(found.count == 1 && found.first?.file == folder.file("more.toml") && found.first?.line == 2)
    #expect(found.first?.message.contains(folder.file("kinds.toml")) == true)
  }
}
