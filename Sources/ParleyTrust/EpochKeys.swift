import Crypto
package import ParleyCore

/// The key of an epoch: 32 random bytes, known by its hash.
package enum EpochKey {
    package static func hash(_ key: Secret) -> [UInt8] { Label.epochKey.hash(key.bytes) }
}

/// The key of an epoch, sealed to one device.
package enum EpochSeal {
    /// - Parameter ephemeral: 32 random bytes, used for nothing else.
    /// - Throws: `badSeal` where nothing can be sealed to the device: see ``takes(_:)``.
    package static func seal(
        _ key: Secret, to device: DevicePublicKeys, workspace: WorkspaceID, ephemeral: Secret
    ) throws(TrustError) -> DeviceSeal {
        let info = info(workspace, EpochKey.hash(key), device.device)
        let made = try SealingSuite.seal(key.bytes, to: device.sealing, info: info, ephemeral: ephemeral)
        return DeviceSeal(device: device.device, encapsulated: made.encapsulated, sealed: made.sealed)
    }

    /// - Returns: nil where the seal is not for this device, or what it holds is not the key of that hash.
    package static func open(
        _ seal: DeviceSeal, keyHash: [UInt8], workspace: WorkspaceID, by identity: Identity
    ) -> Secret? {
        let info = info(workspace, keyHash, identity.device)
        guard seal.device == identity.device,
            let bytes = SealingSuite.open(
                seal.sealed, seal.encapsulated, by: identity.sealingSecret, info: info),
            EpochKey.hash(Secret(bytes)) == keyHash
        else { return nil }
        return Secret(bytes)
    }

    /// Whether the device has named a sealing key that can be sealed to. Nobody proves to hold one.
    package static func takes(_ device: DevicePublicKeys) -> Bool { SealingSuite.takes(device.sealing) }

    private static func info(_ workspace: WorkspaceID, _ keyHash: [UInt8], _ device: DeviceID) -> [UInt8] {
        Label.epochSeal.bytes + workspace.bytes + keyHash + device.number.bigEndianBytes
    }
}

/// The key of an earlier epoch under the key of a later one, so that whoever holds the newest reads all.
package enum EpochWrap {
    package static func wrap(
        _ earlier: Secret, of epoch: StatementHash, under key: Secret
    ) throws(TrustError) -> WrappedKey {
        let wrapping = Label.epochWrap.symmetricKey(from: key, epoch.bytes)
        return WrappedKey(
            epoch: epoch, wrapped: try Cipher.seal(earlier.bytes, under: wrapping, nonce: nonce))
    }

    /// - Parameter keyHash: of the earlier epoch.
    /// - Returns: nil where it does not open, or to something else than the key of that hash.
    package static func unwrap(_ wrapped: WrappedKey, keyHash: [UInt8], under key: Secret) -> Secret? {
        let wrapping = Label.epochWrap.symmetricKey(from: key, wrapped.epoch.bytes)
        guard
            let bytes = Cipher.open(
                wrapped.wrapped[...], under: wrapping, nonce: nonce, binding: [UInt8]()),
            EpochKey.hash(Secret(bytes)) == keyHash
        else { return nil }
        return Secret(bytes)
    }

    /// A wrapping key is derived from both ends of the step, and seals once.
    private static let nonce = [UInt8](repeating: 0, count: Cipher.nonceSize)
}

/// Keys of epochs in a client's own file: never plain, so that the file without `identity` beside it opens
/// no body that is on its way or on a server.
package enum KeyStore {
    /// - Parameter nonce: 12 random bytes.
    /// - Returns: the nonce and the sealed key, 60 bytes.
    package static func wrap(
        _ key: Secret, of epoch: StatementHash, for identity: Identity, nonce: [UInt8]
    ) throws(TrustError) -> [UInt8] {
        let own = Label.keyStore.symmetricKey(from: identity.seed)
        return nonce + (try Cipher.seal(key.bytes, under: own, nonce: nonce, binding: epoch.bytes))
    }

    /// - Returns: nil where it was not wrapped for this identity and epoch.
    package static func unwrap(
        _ stored: [UInt8], of epoch: StatementHash, for identity: Identity
    ) -> Secret? {
        let own = Label.keyStore.symmetricKey(from: identity.seed)
        let (nonce, sealed) = (stored.prefix(Cipher.nonceSize), stored.dropFirst(Cipher.nonceSize))
        return Cipher.open(sealed, under: own, nonce: nonce, binding: epoch.bytes).map { Secret($0) }
    }
}
