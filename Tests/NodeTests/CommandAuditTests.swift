import Foundation
import TestSupport
import Testing

/// `birlik audit` as an administrator and a script see it.
@Suite(.timeLimit(.minutes(20))) struct CommandAuditTests {
  @Test("It passes on both sides, finds what was altered, and two members compare what they received")
  func audit() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: ["org_unit"])
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("kz.db", "fprk")
    try await folder.good("set", "org_unit", "ours", "name=Ours", "--database", "uz.db")
    for node in ["uz.db", "kz.db", "uz.db"] { try await folder.good("sync", "--database", node) }
    for node in ["uz.db", "kz.db", "hq.db"] {
      let report = try await folder.good("audit", "--json", "--database", node).json()
      #expect(report["ok"] == true && report["findings"]?.elements.isEmpty == true)
      #expect((report["changes"]?.integer ?? 0) > 0 && (report["receipts"]?.integer ?? 0) > (node == "hq.db" ? -1 : 0))
    }
    try await folder.good("audit", "--export", "uz.evidence", "--database", "uz.db")
    #expect(try await folder.run("audit", "--export", "uz.evidence", "--database", "uz.db").status == 74)
    let same = try await folder.good("audit", "--compare", "uz.evidence", "--json", "--database", "kz.db").json()
    #expect(same["comparison"]?["outcome"] == "same" && same["comparison"]?["node"] == "ftuu")
    try await folder.good("audit", "--compare", "uz.evidence", "--database", "hq.db")
    try folder.write("no evidence", to: "text")
    #expect(try await folder.run("audit", "--compare", "text", "--database", "kz.db").status == 65)
    #expect(try await folder.run("audit", "--compare", "none", "--database", "kz.db").status == 74)

    try await folder.sqlite("uz.db", "UPDATE birlik_segment SET hash=zeroblob(32) WHERE id=1")
    let found = try await folder.run("audit", "--database", "uz.db")
    #expect(found.status == 65 && found.output.contains("Hint: ") && found.output.contains("hash"), "\(found)")
    let altered = try await folder.run("audit", "--export", "altered", "--json", "--database", "uz.db")
    #expect(try altered.status == 65 && altered.json()["findings"]?[0]?["code"] == "altered")
    #expect(!FileManager.default.fileExists(atPath: folder.file("altered")))
  }
}
