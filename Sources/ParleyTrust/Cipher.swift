import Crypto
import Foundation

/// ChaCha20-Poly1305 (RFC 8439) over byte arrays: what is sealed is the ciphertext and its 16 bytes of tag.
enum Cipher {
    static let nonceSize = 12
    static let tagSize = 16

    static func seal(
        _ plain: [UInt8], under key: SymmetricKey, nonce: [UInt8], binding: [UInt8] = []
    ) throws(TrustError) -> [UInt8] {
        guard let nonce = try? ChaChaPoly.Nonce(data: nonce),
            let box = try? ChaChaPoly.seal(plain, using: key, nonce: nonce, authenticating: binding)
        else { throw TrustError(.badSeal, at: "nonce") }
        var sealed: [UInt8] = []
        sealed.reserveCapacity(plain.count + tagSize)
        sealed.append(contentsOf: box.ciphertext)
        sealed.append(contentsOf: box.tag)
        return sealed
    }

    /// - Returns: nil if `key` does not open it, or something else was bound to it.
    static func open(
        _ sealed: ArraySlice<UInt8>, under key: SymmetricKey, nonce: some Collection<UInt8>,
        binding: some DataProtocol
    ) -> [UInt8]? {
        guard sealed.count >= tagSize, let nonce = try? ChaChaPoly.Nonce(data: Array(nonce)),
            let box = try? ChaChaPoly.SealedBox(
                nonce: nonce, ciphertext: sealed.dropLast(tagSize), tag: sealed.suffix(tagSize)),
            let plain = try? ChaChaPoly.open(box, using: key, authenticating: binding)
        else { return nil }
        return Array(plain)
    }
}
