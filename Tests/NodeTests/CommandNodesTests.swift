import Foundation
import Testing

/// Who the nodes are, as an administrator sees and stops them: with real processes.
@Suite(.timeLimit(.minutes(20))) struct CommandNodesTests {
  @Test("nodes, rotate-key and revoke, with a daemon that begins again under the new key")
  func nodes() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu"), .init("sam.db", "ftuu", office: "Samarkand")]) {
      folder, _ in
      func standing() async throws -> [String: String] {
        let listed = try await folder.good("nodes", "--database", "hq.db", "--json").json()
        var found: [String: String] = [:]
        for node in listed.elements {
          let name = (node["name"]?.text ?? "") + (node["standing"]?.text == "replaced" ? " before" : "")
          found[name] = node["standing"]?.text
        }
        return found
      }
      #expect(try await standing() == ["OTUTS": "good", "ftuu": "good", "ftuu/Samarkand": "good"])

      let daemon = try folder.start("serve", "--database", "uz.db", "--interval", "1", "--log-level", "debug")
      defer { daemon.stop(SIGKILL) }
      while daemon.isRunning, !daemon.errors.contains("synced") { try await Task.sleep(for: .milliseconds(50)) }
      let renewed = try await folder.good("rotate-key", "--database", "uz.db")
      #expect(renewed.output.contains("ftuu goes on as node"))
      // A daemon that has the file open under the old key ends, to be started again.
      let ended = try await daemon.result()
      #expect(ended.status == 75 && ended.errors.contains("key was renewed"), "\(ended.errors.suffix(300))")
      _ = try await folder.good("sync", "--database", "uz.db")
      #expect(
        try await standing() == [
          "OTUTS": "good", "ftuu": "good", "ftuu before": "replaced", "ftuu/Samarkand": "good",
        ])

      let words = try await folder.good("nodes", "--database", "hq.db")
      #expect(words.output.contains("ftuu/Samarkand") && words.output.contains("birlik/"))
      let revoked = try await folder.good(
        "revoke", "ftuu/Samarkand", "--reason", "the machine was stolen", "--database", "hq.db")
      #expect(revoked.output.contains("revoked") && revoked.output.contains("stolen"))
      let refused = try await folder.run("sync", "--database", "sam.db")
      #expect(refused.status == 77 && refused.errors.contains("not accepted"), "\(refused.errors)")
      #expect(try await standing()["ftuu/Samarkand"] == "revoked")
      let unknown = try await folder.run("revoke", "nobody", "--database", "hq.db")
      #expect(unknown.status == 65 && unknown.errors.contains("birlik nodes"))
      let elsewhere = try await folder.run("revoke", "OTUTS", "--database", "uz.db")
      #expect(elsewhere.status == 77)
    }
  }
}
