import SyncCore
import Synchronization
import Wire

/// Messages that a bad line does not carry whole: requests that come in parts, and answers of which a node asks for the
/// rest. Of each node the last one of both; held in memory alone, because a node can always begin again.
final class HeldMessages: Sendable {
  private struct Message {
    var digest: Digest
    var size: Int
    var bytes: [UInt8]
    /// Counts uses, so that the message used longest ago goes first.
    var used: UInt64
  }

  private struct Owner: Hashable {
    var node: NodeID
    var isAnswer: Bool
  }

  private struct State {
    var messages: [Owner: Message] = [:]
    var bytes = 0
    var uses: UInt64 = 0

    mutating func set(_ message: Message?, of owner: Owner) {
      bytes -= messages[owner]?.bytes.count ?? 0
      bytes += message?.bytes.count ?? 0
      messages[owner] = message
    }

    /// Forgets others until no more is held than may be.
    mutating func makeRoom(_ limit: Int, for owner: Owner) {
      while bytes > limit, let oldest = messages.filter({ $0.key != owner }).min(by: { $0.value.used < $1.value.used })
      {
        set(nil, of: oldest.key)
      }
    }

    mutating func nextUse() -> UInt64 {
      uses &+= 1
      return uses
    }
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// How many bytes are held now.
  var bytes: Int { state.withLock { $0.bytes } }

  // MARK: Requests

  /// Adds a part where it continues what is there.
  ///
  /// - Returns: how many bytes of the message are there.
  func add(_ part: PartRequest, of node: NodeID) -> Int {
    let owner = Owner(node: node, isAnswer: false)
    return state.withLock { state in
      var message = Message(digest: part.message, size: part.size, bytes: [], used: 0)
      if let known = state.messages[owner], known.digest == part.message, known.size == part.size { message = known }
      let end = part.offset + part.content.count
      if part.offset <= message.bytes.count, end > message.bytes.count {
        message.bytes += part.content.dropFirst(message.bytes.count - part.offset)
      }
      message.used = state.nextUse()
      state.set(message, of: owner)
      state.makeRoom(limit, for: owner)
      return message.bytes.count
    }
  }

  /// The message with a digest that came in parts; nil while parts of it are missing.
  func request(_ digest: Digest, of node: NodeID) -> [UInt8]? {
    state.withLock { state in
      let message = state.messages[Owner(node: node, isAnswer: false)]
      return message.flatMap { $0.digest == digest && $0.bytes.count == $0.size ? $0.bytes : nil }
    }
  }

  // MARK: Answers

  /// Holds an answer in place of the one before; nil for one that is too small to break.
  func hold(_ bytes: [UInt8]?, digest: Digest, for node: NodeID) {
    let owner = Owner(node: node, isAnswer: true)
    state.withLock { state in
      let message = bytes.map { Message(digest: digest, size: $0.count, bytes: $0, used: state.nextUse()) }
      state.set(message, of: owner)
      state.makeRoom(limit, for: owner)
    }
  }

  /// More of an answer; its size is 0 where it is held no longer.
  func rest(_ request: RestRequest, of node: NodeID) -> RestAnswer {
    let owner = Owner(node: node, isAnswer: true)
    return state.withLock { state in
      guard var message = state.messages[owner], message.digest == request.message,
        request.offset <= message.bytes.count
      else { return RestAnswer(size: 0, content: []) }
      message.used = state.nextUse()
      state.messages[owner] = message
      return RestAnswer(size: message.size, content: Array(message.bytes[request.offset...].prefix(request.limit)))
    }
  }
}
