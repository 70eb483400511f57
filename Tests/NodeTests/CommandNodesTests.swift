import Foundation
import TestSupport
import Testing

/// Who the nodes are, as an administrator sees and stops them: with real processes.
@Suite(.timeLimit(.minutes(20))) struct CommandNodesTests {
  /// Every node's standing by name, as `birlik nodes` lists it; a node's earlier key is named "before".
  private func standings(_ folder: CommandFolder) async throws -> [String: String] {
    let listed = try await folder.good("nodes", "--database", "hq.db", "--json").json()
    var found: [String: String] = [:]
    for node in listed.elements {
      let name = (node["name"]?.text ?? "") + (node["standing"]?.text == "replaced" ? " before" : "")
      found[name] = node["standing"]?.text
    }
    return found
  }

  @Test("A node goes on under a renewed key, and a daemon that has the file open under the old one ends")
  func renewedKey() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      #expect(try await standings(folder) == ["OTUTS": "good", "ftuu": "good"])
      let daemon = try folder.start("serve", "--database", "uz.db", "--interval", "1", "--log-level", "debug")
      defer { daemon.stop(SIGKILL) }
      try await daemon.wait(for: "synced")
      let renewed = try await folder.good("rotate-key", "--database", "uz.db")
      #expect(renewed.output.contains("ftuu goes on as node"))
      // It is to be started again.
      let ended = try await daemon.result()
      #expect(ended.status == 75 && ended.errors.contains("key was renewed"), "\(ended.errors.suffix(300))")
      _ = try await folder.good("sync", "--database", "uz.db")
      #expect(try await standings(folder) == ["OTUTS": "good", "ftuu": "good", "ftuu before": "replaced"])
    }
  }

  @Test("A revoked node is listed as such and refused")
  func revoked() async throws {
    try await CommandHeadquarters.serving([.init("sam.db", "ftuu", office: "Samarkand")]) { folder, _ in
      let words = try await folder.good("nodes", "--database", "hq.db")
      #expect(words.output.contains("ftuu/Samarkand") && words.output.contains("birlik/"))
      let revoked = try await folder.good(
        "revoke", "ftuu/Samarkand", "--reason", "the machine was stolen", "--database", "hq.db")
      #expect(revoked.output.contains("revoked") && revoked.output.contains("stolen"))
      let refused = try await folder.run("sync", "--database", "sam.db")
      #expect(refused.status == 77 && refused.errors.contains("not accepted"), "\(refused.errors)")
      #expect(try await standings(folder)["ftuu/Samarkand"] == "revoked")
    }
  }

  @Test("Only headquarters revokes, and only a node that it knows")
  func notRevoked() async throws {
    try await CommandHeadquarters.serving([.init("uz.db", "ftuu")]) { folder, _ in
      let unknown = try await folder.run("revoke", "nobody", "--database", "hq.db")
      #expect(unknown.status == 65 && unknown.errors.contains("birlik nodes"))
      let elsewhere = try await folder.run("revoke", "OTUTS", "--database", "uz.db")
      #expect(elsewhere.status == 77)
    }
  }
}
