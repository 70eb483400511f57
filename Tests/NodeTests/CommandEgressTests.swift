import CatalogFiles
import Foundation
import SyncCore
import TestSupport
import Testing
import Wire

/// `birlik egress` by real processes: what it lists is what the next sync puts on the wire, value by value.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandEgressTests {
  /// One change as both sides of the comparison show it.
  struct Leaving: Hashable, Comparable, CustomStringConvertible {
    var description: String
    static func < (a: Self, b: Self) -> Bool { a.description < b.description }
  }

  /// What was put on the wire, read from the captured requests.
  private func sent(_ proxy: RecordingProxy, _ catalog: Catalog) throws -> [Leaving] {
    var found: [Leaving] = []
    for request in proxy.requests where request.path == "/v1/exchange" {
      for bytes in try ExchangeRequest(bytes: request.body).segments {
        let segment = try Segment(bytes: bytes)
        var sequence = segment.header.first
        for change in try segment.blocks().flatMap(\.changes) {
          let kind = try #require(catalog.kind(change.kind) ?? SystemKind.all.first { $0.id == change.kind })
          found.append(leaving(change, kind, segment.header, sequence))
          sequence += 1
        }
      }
    }
    return found.sorted()
  }

  private func leaving(_ change: Change, _ kind: Kind, _ header: SegmentHeader, _ sequence: Int64) -> Leaving {
    var fields: [String] = []
    for register in change.registers {
      let name = kind.field(FieldID(aloneIn: register.key.id))?.name ?? ""
      if let element = register.key.element {
        let word = register.content.isEmpty ? "removed" : "added"
        fields.append("\(name)[\(String(decoding: element, as: UTF8.self))]=\(word)")
        continue
      }
      let named = kind.registers.first { $0.id == register.key.id }?.fields.map(\.id) ?? []
      for id in Set((change.operation == .insertion ? [] : named) + register.content.cells.map(\.field)) {
        fields.append("\(kind.field(id)?.name ?? "")=\(register.content[id].display)")
      }
    }
    let words = ["delete", "insert", "edit"][Int(change.operation.rawValue)]
    return Leaving(
      description: "\(header.channel) \(sequence) \(kind.name) \(change.key.display) \(words) "
        + fields.sorted().joined(separator: " "))
  }

  private func listed(_ report: Document) throws -> [Leaving] {
    try #require(report["rows"]?.elements).map { row in
      guard case .object(let members)? = row["fields"] else { throw TestProblem("no fields") }
      let fields = members.map { name, value in
        switch value {
        case .integer(let number): "\(name)=\(number)"
        case .text(let text): "\(name)=\(text)"
        default: "\(name)="
        }
      }
      return Leaving(
        description: "\(row["channel"]?.text ?? "") \(row["sequence"]?.integer ?? -1) \(row["kind"]?.text ?? "") "
          + "\(row["key"]?.text ?? "") \(row["operation"]?.text ?? "") \(fields.sorted().joined(separator: " "))")
    }.sorted()
  }

  @Test("the list is what a following sync sends, and making it changes nothing and sends nothing")
  func list() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, tls: false)
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    let proxy = try RecordingProxy(to: headquarters.port)
    defer { proxy.stop() }
    let invitation = try await folder.good(
      "invite", "ftuu", "--unregistered", "--new", "--url", "http://127.0.0.1:\(proxy.port)", "--database", "hq.db")
    try await folder.good("join", try #require(invitation.lines.first), "--database", "uz.db")
    let key = "ftuu-1/2025-10-31/territorial"
    try await folder.good("set", "org_unit", "ftuu-1", "name=One", "activity=A;B", "--database", "uz.db")
    try await folder.good("set", "membership_return", key, "members_total=100", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db")
    // What was sealed and is not held, what is not sealed yet, what may not be sent, and what is local.
    try await folder.good("set", "org_unit", "ftuu-2", "name=Two", "--database", "uz.db")
    try await folder.good("set", "membership_return", key, "members_total=140", "--database", "uz.db")
    try await folder.good("set", "org_unit", "ftuu-1", "activity=B;C", "--database", "uz.db")
    try await folder.good("set", "dispute", "d-1", "employer=Mine", "area=UZ-AN", "--database", "uz.db")
    try await folder.good("set", "member", "m-1", "name=Somebody", "--database", "uz.db")
    try await folder.good("remove", "org_unit", "ftuu-2", "--database", "uz.db")
    try await folder.good("set", "org_unit", "ftuu-3", "name=Three", "--database", "uz.db")
    try await folder.sqlite("uz.db", "UPDATE org_unit SET name='mine' WHERE code='otuts'")

    let names = ["uz.db", "uz.db.key", "hq.db"]
    let before = try names.map { try Data(contentsOf: URL(fileURLWithPath: folder.file($0))) }
    proxy.forget()
    let offline = try await folder.good("egress", "--dry-run", "--database", "uz.db", "--json").json()
    #expect(proxy.everything.isEmpty, "a dry run asked")
    let report = try await folder.good("egress", "--database", "uz.db", "--json").json()
    let words = try await folder.good("egress", "--limit", "1", "--database", "uz.db")
    for (name, bytes) in zip(names, before) {
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))) == bytes, "\(name) changed")
    }
    let catalog = try CatalogFolder.load(CommandFolder.catalog)
    #expect(try sent(proxy, catalog) == [], "asking what is held sent changes")

    proxy.forget()
    let sync = try await folder.good("sync", "--database", "uz.db", "--json").json()
    let wire = try sent(proxy, catalog)
    #expect(wire.count >= 4)
    #expect(try listed(report) == wire)
    #expect(try listed(offline) == wire)
    #expect(report["changes"]?.integer == sync["sent"]?["changes"]?.integer)
    #expect(report["held"] == "asked" && offline["held"] == "receipt")
    #expect(wire.contains { $0.description.contains("activity[A]=removed") })
    // Who may read it, and what stays.
    let rows = try #require(report["rows"]?.elements)
    #expect(
      rows.allSatisfy { row in
        row["readers"] == (row["channel"] == "ftuu:open" ? "all members" : "ftuu's offices and headquarters")
      })
    let places = try #require(report["stays"]?["places"]?.elements)
    #expect(places.first { $0["kind"] == "member" }?["count"] == 1)
    #expect(places.first { $0["kind"] == "dispute" && $0["column"] == "employer" }?["count"] == 1)
    #expect(places.first { $0["kind"] == "case_file" }?["count"] == 0)
    #expect(report["stays"]?["refused"]?[0]?["key"] == "otuts")
    #expect(report["cards"]?[0] == "ftuu")
    #expect(words.output.contains("and \(wire.count - 1) more change"))
    #expect(words.output.contains("dispute.employer: 1 value"))

    let even = try await folder.good("egress", "--database", "uz.db", "--json").json()
    #expect(even["changes"] == 0 && even["rows"] == .array([]))
    server.stop()
    _ = try await server.result()
    #expect(try await folder.run("egress", "--database", "uz.db").status == 69)
    #expect(try await folder.good("egress", "--dry-run", "--database", "uz.db", "--json").json()["changes"] == 0)
    #expect(try await folder.run("egress", "--dry-run", "--database", "hq.db").status == 64)
  }
}
