// Two short tones when an alarm begins; made here, so no file is fetched.

let context = null;

/** Browsers play only what a person asked for: call this from a click. */
export function allowSound() {
  context ??= new AudioContext();
  context.resume();
}

export function ring() {
  if (!context) return;
  [880, 660].forEach((pitch, at) => {
    const start = context.currentTime + 0.22 * at;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.2);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.2);
  });
}
