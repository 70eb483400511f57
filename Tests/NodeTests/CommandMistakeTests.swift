import Foundation
import Glibc
import TestSupport
import Testing

/// What is wrong with a call, and what does not work, is said with what to do, to people and to programs.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct CommandMistakeTests {
  @Test(
    "A word that is no command is an error, and the command that was meant is named",
    arguments: [
      (["help", "nonsense"], "birlik --help"), (["nonsense"], "birlik --help"),
      (["nonsense", "--help"], "birlik --help"),
      (["help", "stauts"], "birlik status"), (["stauts"], "birlik status"), (["Status"], "birlik status"),
      (["help", "inbox", "acept"], "birlik inbox accept"), (["inbox", "acept", "1234"], "birlik inbox accept"),
      (["catalog", "publsh"], "birlik catalog publish"), (["help", "catalog", "chek"], "birlik catalog check"),
      (["publish"], "birlik catalog publish"), (["accept", "1234"], "birlik inbox accept"),
      (["delete"], "birlik remove"),
      (["conf", "--database", "x"], "birlik conflicts"), (["help", "status", "more"], "birlik help status"),
    ] as [([String], String)])
  func unknownCommands(_ arguments: [String], _ meant: String) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let result = try await folder.run(arguments)
    #expect(result.status == 64 && result.output.isEmpty, "\(result.output) \(result.errors)")
    #expect(result.errors.hasPrefix("birlik: ") && result.errors.contains("`\(meant)"), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  @Test("Help of every command that there is ends with 0")
  func help() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    for arguments in [
      ["help"], ["--help"], [], ["help", "status"], ["help", "inbox"], ["help", "inbox", "accept"],
      ["inbox", "--help"],
      ["help", "catalog", "check"], ["help", "help"], ["status", "-h"],
    ] {
      let result = try await folder.run(arguments)
      #expect(result.status == 0 && result.output.contains("birlik"), "\(arguments): \(result.errors)")
    }
  }

  @Test("With --json an error is one JSON object on standard error, whoever found it, and nothing on standard output")
  func errorsAsJSON() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    _ = try await CommandHeadquarters.make(in: folder, figures: [])
    let port = try Loopback.freePort()
    let invitation = try await folder.good(
      "invite", "ftuu", "--unregistered", "--url", "https://127.0.0.1:\(port)", "--database", "hq.db")
    let line = try #require(invitation.lines.first)
    let hq = ["--database", "hq.db", "--json"]
    let calls: [(arguments: [String], code: String, status: Int)] = [
      (["status", "--database", "none.db", "--json"], "missing", 78), (["status", "--json"], "config", 78),
      (["show", "nowhere", "x"] + hq, "unknown", 65), (["show", "org_unit", "x"] + hq, "data", 65),
      (["set", "org_unit", "x", "country=XYZ"] + hq, "invalid", 65),
      (["invite", "F T U"] + hq, "usage", 64), (["sync"] + hq, "usage", 64),
      (["join", line, "--database", "new.db", "--json"], "unreachable", 69),
      (["join", "hello", "--database", "new.db", "--json"], "data", 65),
      // The parser's own.
      (["status", "--nonsense"] + hq, "usage", 64), (["set", "org_unit"] + hq, "usage", 64),
      (["list", "org_unit", "--limit", "many"] + hq, "usage", 64), (["nonsense", "--json"], "usage", 64),
      (["help", "nonsense", "--json"], "usage", 64), (["resolve", "org_unit", "x", "name"] + hq, "usage", 64),
      (["serve", "--json", "--database", "hq.db"], "usage", 64), (["set", "org_unit", "x", "name"] + hq, "usage", 64),
    ]
    for call in calls {
      let result = try await folder.run(call.arguments)
      #expect(result.status == Int32(call.status), "\(call.arguments): \(result.errors)")
      #expect(result.output.isEmpty, "\(call.arguments): \(result.output)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(call.arguments): \(result.errors)")
      let error = try JSONDecoder().decode(Document.self, from: Data(result.errors.utf8))
      #expect(error["code"]?.text == call.code, "\(call.arguments): \(result.errors)")
      #expect(error["exit_code"]?.integer == Int64(call.status), "\(call.arguments)")
      #expect(error["message"]?.text?.isEmpty == false && error["hint"]?.text != nil, "\(call.arguments)")
    }
    // After -- it is a value.
    let value = try await folder.run("show", "org_unit", "--database", "hq.db", "--", "--json")
    #expect(value.status == 65 && value.errors.hasPrefix("birlik: "), "\(value.errors)")
  }

  @Test("A port in use is said in one sentence with what to do")
  func portInUse() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await folder.good(
      "init", "--role", "headquarters", "--name", "Other", "--catalog", CommandFolder.catalog, "--database", "other.db")
    let refused = try await folder.run(
      "serve", "--listen", "127.0.0.1:\(headquarters.port)", "--database", "other.db")
    #expect(refused.status == 75)
    let words = "another program listens on 127.0.0.1:\(headquarters.port) already"
    let sentences = refused.errors.split(separator: "\n").filter { $0.hasPrefix("birlik: ") }
    #expect(sentences.count == 1 && sentences.first?.contains(words) == true, "\(refused.errors)")
    #expect(refused.errors.contains("--listen") && !refused.errors.contains("errno"), "\(refused.errors)")
  }

  @Test("A headquarters that moved is found again with the line of pin, which its nodes are told of")
  func movedHeadquarters() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    server.stop()
    #expect(try await server.result().status == 0)
    let port = try Loopback.freePort()
    let moved = try folder.start("serve", "--database", "hq.db", "--listen", "127.0.0.1:\(port)")
    defer { moved.stop(SIGKILL) }
    try await moved.wait(for: "need the line of `birlik pin`")
    let away = try await folder.run("sync", "--database", "uz.db")
    #expect(away.status == 69 && away.errors.contains("`birlik pin LINE`"), "\(away.errors)")
    let line = try #require(try await folder.good("pin", "--database", "hq.db").lines.first)
    #expect(try await folder.good("pin", line, "--database", "uz.db").output.contains("127.0.0.1:\(port)"))
    try await folder.good("sync", "--database", "uz.db")
  }

  @Test(
    "A daemon that is stopped logs no failure and ends with 0, whatever it is doing", arguments: [SIGTERM, SIGINT])
  func stopping(_ signal: Int32) async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    let server = try await headquarters.serve()
    defer { server.stop(SIGKILL) }
    try await headquarters.join("uz.db", "ftuu")
    try await headquarters.join("kz.db", "fprk")
    // One that waits for the next sync, and one that is stopped in its first moments.
    let idle = try folder.start("serve", "--database", "uz.db", "--log-level", "debug")
    defer { idle.stop(SIGKILL) }
    try await idle.wait(for: "synced")
    let starting = try folder.start("serve", "--database", "kz.db", "--log-level", "debug")
    defer { starting.stop(SIGKILL) }
    try await waitUntil("it minds signals") { Self.catches(signal, starting) || !starting.errors.isEmpty }
    for running in [idle, starting, server] {
      running.stop(signal)
      let ended = try await running.result()
      #expect(ended.status == 0, "\(ended.status) \(ended.errors)")
      for word in ["warning", "error", "fail", "Cancel"] {
        #expect(!ended.errors.contains(word), "\(ended.errors)")
      }
    }
    // One that tries to reach a headquarters that does not answer.
    let (silent, port) = try Loopback.listen()
    defer { close(silent) }
    let line = try await folder.good("pin", "--url", "https://127.0.0.1:\(port)", "--database", "hq.db").output
    try await folder.good("pin", line.trimmingCharacters(in: .newlines), "--database", "uz.db")
    let waiting = try folder.start("serve", "--database", "uz.db", "--log-level", "debug")
    defer { waiting.stop(SIGKILL) }
    try await waitUntil("it calls headquarters") {
      var call = pollfd(fd: silent, events: Int16(POLLIN), revents: 0)
      return poll(&call, 1, 0) > 0
    }
    waiting.stop(signal)
    let ended = try await waiting.result()
    #expect(ended.status == 0 && !ended.errors.contains("fail"), "\(ended.status) \(ended.errors)")
    let status = try await folder.good("status", "--database", "uz.db", "--json").json()
    #expect(status["last_sync"]?["outcome"] == "even")
  }

  /// Whether a program has a handler for a signal.
  private static func catches(_ signal: Int32, _ program: RunningProgram) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)) ?? ""
    let mask = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }?.dropFirst(7)
    let caught = mask.flatMap { UInt64($0.trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
    return caught & (1 << UInt64(signal - 1)) != 0
  }
}
