internal import Chance

extension Dice {
    /// Seeds that follow one another give throws that have nothing to do with each other.
    init(scattered seed: UInt64) { self.init(seed &* 0xD1B5_4A32_D192_ED03 &+ 0x9E37_79B9) }
}
