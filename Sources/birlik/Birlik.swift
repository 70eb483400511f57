import ArgumentParser
@main struct Birlik: ParsableCommand {}
