/// What may go wrong in a run, each on or off by the seed (swarm testing): a fault is also met alone and with few others.
///
/// Numbers are chances in a hundred.
public struct Faults: Sendable, Equatable {
  // The network.
  var losesRequests = 0
  var losesAnswers = 0
  var repeatsRequests = 0
  var delaysRequests = 0
  var shufflesSegments = 0
  var cutsBodies = 0
  // Machines.
  var crashes = false
  var restoresNodes = false
  var restoresHeadquarters = false
  var emptiesHeadquarters = false
  var clones = false
  var hasStateFiles = true
  var movesClocks = false
  var jumpsClocks = false
  /// Clocks that show full hours only, so that many changes bear one time.
  var roundsClocks = false
  var goesAway = false
  var dropsBodies = false
  // People.
  var publishesCatalogs = false
  var typesNonsense = false
  var oversteps = false
  var sharesKeys = false
  var sealsEarly = false
  var decides = false
  // The program.
  var smallBatches = false
  var smallSegments = false
  var smallPasses = false

  /// Everything off.
  public init() {}

  init(_ random: inout SeededRandom) {
    if random.chance(40) { losesRequests = 12 }
    if random.chance(40) { losesAnswers = 12 }
    if random.chance(35) { repeatsRequests = 15 }
    if random.chance(35) { delaysRequests = 15 }
    if random.chance(40) { shufflesSegments = 40 }
    if random.chance(40) { cutsBodies = 20 }
    crashes = random.chance(35)
    restoresNodes = random.chance(40)
    restoresHeadquarters = random.chance(25)
    emptiesHeadquarters = random.chance(15)
    clones = random.chance(30)
    hasStateFiles = random.chance(60)
    movesClocks = random.chance(50)
    jumpsClocks = movesClocks && random.chance(60)
    roundsClocks = random.chance(15)
    goesAway = random.chance(25)
    dropsBodies = random.chance(25)
    publishesCatalogs = random.chance(35)
    typesNonsense = random.chance(30)
    oversteps = random.chance(25)
    sharesKeys = random.chance(35)
    sealsEarly = random.chance(40)
    decides = random.chance(50)
    smallBatches = random.chance(40)
    smallSegments = random.chance(30)
    smallPasses = random.chance(20)
    if random.chance(6) { makeStorm() }
  }

  /// Everything that loses and brings back at once: some paths need several misfortunes together.
  private mutating func makeStorm() {
    losesAnswers = 12
    delaysRequests = 30
    shufflesSegments = 60
    cutsBodies = 40
    crashes = true
    restoresNodes = true
    restoresHeadquarters = true
    smallSegments = true
  }
}
