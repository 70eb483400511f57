/// Finds a short history that still breaks a promise, by leaving steps out (delta debugging).
public struct Shortening: Sendable {
  public private(set) var history: History
  public private(set) var problem: String
  /// How many runs it took.
  public private(set) var runs = 0

  /// - Parameters:
  ///   - history: one whose run breaks a promise.
  ///   - limit: how many runs to spend at most.
  public init?(_ history: History, canary: Canary? = nil, limit: Int = 3000) {
    let first = Run(history, canary: canary)
    guard let problem = first.problem else { return nil }
    self.history = history
    self.problem = problem
    self.history.steps = Array(history.steps.prefix(first.stepsPlayed))
    var size = max(self.history.steps.count / 2, 1)
    while runs < limit {
      let before = self.history.steps.count
      var start = 0
      while start < self.history.steps.count, runs < limit {
        var shorter = self.history
        shorter.steps.removeSubrange(start..<min(start + size, shorter.steps.count))
        runs += 1
        if let problem = Run(shorter, canary: canary).problem {
          self.history = shorter
          self.problem = problem
        } else {
          start += size
        }
      }
      if size > 1 { size = max(size / 2, 1) } else if self.history.steps.count == before { break }
    }
  }
}
