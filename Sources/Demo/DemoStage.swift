import Foundation
import Logging
import Node
import Server
import ServiceLifecycle
import Store
import SyncCore

/// The nodes of the demo, in the order in which they sync.
enum DemoPlace: String, CaseIterable, Sendable {
  case headquarters = "Headquarters"
  case tashkent = "Tashkent"
  case samarkand = "Samarkand"
  case astana = "Astana"
  case bishkek = "Bishkek"
  case baku = "Baku"
  case ankara = "Ankara"

  /// What the story calls the node.
  var name: String { rawValue }

  var federation: String {
    switch self {
    case .headquarters: "otuts"
    case .tashkent, .samarkand: "ftuu"
    case .astana: "fturk"
    case .bishkek: "ftuk"
    case .baku: "ahik"
    case .ankara: "turk-is"
    }
  }

  /// The office's name; nil for a federation's own node.
  var office: String? { self == .samarkand ? rawValue : nil }

  /// The name on the node's card, by which conflicts name who gave a value.
  var card: String {
    switch self {
    case .headquarters: "OTUTS"
    case .samarkand: "ftuu/Samarkand"
    default: federation
    }
  }

  var file: String { rawValue.lowercased() + ".db" }

  /// All but headquarters.
  static var members: [DemoPlace] { allCases.filter { $0 != .headquarters } }

  /// What the story calls the node with that name on its card.
  static func name(ofCard card: String) -> String { allCases.first { $0.card == card }?.name ?? card }
}

/// Headquarters' server in this process.
///
/// It starts in one phase of the story and stops in another, so its task cannot be a child of either.
struct DemoServer {
  let port: Int
  private let group: ServiceGroup
  private let task: Task<Void, any Error>

  /// Starts it and waits until it listens.
  ///
  /// - Parameter port: 0 takes any free one.
  static func start(_ headquarters: LocalNode, port: Int) async throws -> DemoServer {
    var logger = Logger(label: "birlik.demo")
    logger.logLevel = .error
    let (ports, ready) = AsyncThrowingStream<Int, any Error>.makeStream()
    let server = HeadquartersServer(
      service: try headquarters.service(logger: logger), port: port, logger: logger
    ) { ready.yield($0) }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [.init(service: server)], logger: logger))
    let task = Task {
      do {
        try await group.run()
        ready.finish()
      } catch {
        ready.finish(throwing: error)
        throw error
      }
    }
    for try await port in ports { return DemoServer(port: port, group: group, task: task) }
    throw NodeError(.config, "starting headquarters' server", "it ended at once")
  }

  /// Ends it and waits until it has ended.
  func stop() async {
    await group.triggerGracefulShutdown()
    _ = try? await task.value
  }
}

/// All nodes of the demo on this machine, and headquarters' server while it runs.
struct DemoStage {
  let folder: String
  private(set) var nodes: [DemoPlace: LocalNode] = [:]
  private var server: DemoServer?
  private var port = 0

  init(folder: String) { self.folder = folder }

  func path(_ place: DemoPlace) -> String { folder + "/" + place.file }

  private func node(_ place: DemoPlace) throws -> LocalNode {
    guard let node = nodes[place] else {
      throw NodeError(.usage, "running the demo", "\(place.name) has not joined yet")
    }
    return node
  }

  func store(_ place: DemoPlace) throws -> Store { try node(place).store }

  mutating func makeHeadquarters() throws {
    nodes[.headquarters] = try LocalNode.initializeHeadquarters(
      database: path(.headquarters), name: DemoPlace.headquarters.card, code: DemoPlace.headquarters.federation,
      catalogFolder: nil, listen: "127.0.0.1:0")
  }

  mutating func startServer() async throws {
    guard let headquarters = nodes[.headquarters] else { return }
    do {
      server = try await DemoServer.start(headquarters, port: port)
    } catch let error as ServerError where error.code == .addressInUse {
      // Another program took the port in the meantime: headquarters moves, and everybody gets the new address.
      server = try await DemoServer.start(headquarters, port: 0)
    }
    guard let bound = server?.port, bound != port else { return }
    port = bound
    try headquarters.store.setListen("127.0.0.1:\(bound)")
    for place in DemoPlace.members { try nodes[place]?.store.setUpstream("http://127.0.0.1:\(bound)") }
  }

  mutating func stopServer() async {
    await server?.stop()
    server = nil
  }

  mutating func join(_ place: DemoPlace) async throws {
    guard let headquarters = nodes[.headquarters] else { return }
    let invitation = try headquarters.invite(
      federation: place.federation, office: place.office, minutes: 15, url: nil)
    nodes[place] = try await LocalNode.join(invitation: invitation, database: path(place))
  }

  func sync(_ place: DemoPlace) async throws -> SyncReport { try await node(place).sync() }

  /// Stops the server and closes every file.
  mutating func close() async throws {
    await stopServer()
    for place in DemoPlace.allCases { try nodes.removeValue(forKey: place)?.store.close() }
  }
}
