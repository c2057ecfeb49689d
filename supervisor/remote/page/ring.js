// Two soft tones and a short buzz; browsers allow sound only after a touch of this page.

let audio = null;

export function ring() {
  navigator.vibrate?.([80, 60, 80]);
  try {
    audio ??= new AudioContext();
    [[660, 0], [880, 0.16]].forEach(([pitch, from]) => sound(pitch, audio.currentTime + from));
  } catch {
    audio = null;
  }
}

function sound(pitch, from) {
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0.0001, from);
  volume.gain.exponentialRampToValueAtTime(0.12, from + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.3);
  tone.connect(volume).connect(audio.destination);
  tone.start(from);
  tone.stop(from + 0.32);
}
