import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing

/// The figures under `Config/otuts` fit the catalog, so that `birlik import` accepts them as they are.
struct PublishedFiguresTests {
  static let files: [String: Int] = [
    "org_unit": 8, "org_name": 14, "document": 5, "figure": 41, "body": 2, "mandate": 20, "instrument": 4,
    "instrument_status": 4, "meeting": 5, "aid_operation": 1, "cooperation_doc": 2, "action_item": 3, "agreement": 1,
  ]

  /// Rows of cells of our own files: commas, quotes, no line breaks within cells.
  static func rows(_ kind: String) throws -> [[String]] {
    let file = Repository.config.appendingPathComponent("otuts/\(kind).csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.split(separator: "\n").map(cells)
  }

  private static func cells(_ line: Substring) -> [String] {
    var cells = [""]
    var isQuoted = false
    var previous: Character?
    for character in line {
      if character == "\"" {
        // A doubled quote within quotes is a quote.
        if !isQuoted && previous == "\"" { cells[cells.count - 1].append("\"") }
        isQuoted.toggle()
      } else if character == ",", !isQuoted {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
      previous = character
    }
    return cells
  }

  @Test func everyFileIsKnown() throws {
    let names = try FileManager.default.contentsOfDirectory(
      atPath: Repository.config.appendingPathComponent("otuts").path)
    #expect(names.sorted() == Self.files.keys.map { $0 + ".csv" }.sorted())
  }

  @Test(arguments: files.keys.sorted())
  func everyCellFitsTheCatalog(_ name: String) throws {
    let kind = try #require(try CatalogFolder.load(Repository.catalog).kind(named: name))
    let rows = try Self.rows(name)
    let header = try #require(rows.first)
    #expect(rows.count - 1 == Self.files[name])
    #expect(Array(header.prefix(kind.key.count)) == kind.key.map(\.name))
    #expect(header.contains("federation"))
    var keys: Set<[String]> = []
    for row in rows.dropFirst() {
      #expect(row.count == header.count)
      #expect(keys.insert(Array(row.prefix(kind.key.count))).inserted, "\(row)")
      for (column, cell) in zip(header, row) {
        if let key = kind.key.first(where: { $0.name == column }) {
          #expect(Validity.problem(key: Array(cell.utf8), key.type) == nil)
        } else if column == "federation" {
          #expect(["otuts", "ftuu", "fturk", "ftuk", "ahik", "turk-is"].contains(cell))
        } else {
          let field = try #require(kind.field(named: column), "no column \(column)")
          let value = cell.isEmpty ? Value.null : field.type.isInteger ? Int64(cell).map { .integer($0) } : .text(cell)
          #expect(Validity.problem(try #require(value), field.type) == nil, "\(cell)")
        }
      }
    }
  }

  @Test(arguments: files.keys.sorted())
  func everyReferenceHasItsTarget(_ name: String) throws {
    let kind = try #require(try CatalogFolder.load(Repository.catalog).kind(named: name))
    let rows = try Self.rows(name)
    let types = kind.key.map { ($0.name, $0.type) } + kind.fields.map { ($0.name, $0.type) }
    for (index, column) in (rows.first ?? []).enumerated() {
      guard case .ref(let target) = types.first(where: { $0.0 == column })?.1 else { continue }
      let known = Set(try Self.rows(target).dropFirst().compactMap(\.first))
      for row in rows.dropFirst() where !row[index].isEmpty { #expect(known.contains(row[index])) }
    }
  }

  @Test func theFiguresAreThePublishedOnes() throws {
    let rows = try Self.rows("figure").dropFirst()
    func sum(_ measure: String) -> Int {
      rows.filter { $0[1] == measure && $0[2] == "2025-10" && $0[0] != "otuts" }.compactMap { Int($0[5]) }.reduce(0, +)
    }
    #expect(sum("members") == 8_861_326)
    #expect(sum("primary_organizations") == 137_131)
    #expect(rows.contains { $0[0] == "otuts" && $0[1] == "members" && $0[5] == "15000000" && $0[6] == "at_least" })
    #expect(rows.allSatisfy { $0[4] == "otuts" })
  }

  @Test func everyFederationOwnsItsOwnUnit() throws {
    let rows = try Self.rows("org_unit").dropFirst()
    for row in rows { #expect(row[1] == (["memur-sen", "ctuca"].contains(row[0]) ? "otuts" : row[0])) }
    let owners = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
    for row in try Self.rows("org_name").dropFirst() { #expect(row[3] == owners[row[0]]) }
  }
}
