// A player that can be opened at any time: it waits for the beginning, begins by itself, and comes back after a
// break. Whatever it does, it asks the one address that it was given.

const TEXTS = {
  waiting: ['まもなく開始します', 'Starting soon'],
  interrupted: ['しばらくお待ちください', 'One moment, please'],
  ended: ['配信は終了しました', 'This broadcast is over, or there is none'],
};

/** The pauses before the address is asked again after a break, in ms. */
const PAUSES = [1000, 2000, 4000, 8000];
/** A picture that stands still for so long is a break, too. */
const STANDSTILL = 8000;

const oftenEnough = { maxNumRetry: Infinity, retryDelayMs: 1000, maxRetryDelayMs: 2000 };
const CONFIG = {
  // The address answers 503 until somebody publishes.
  manifestLoadPolicy: {
    default: { maxTimeToFirstByteMs: 5000, maxLoadTimeMs: 10000, timeoutRetry: oftenEnough, errorRetry: oftenEnough },
  },
  // The page's policy allows no script from elsewhere, and a worker's is.
  enableWorker: false,
};

export class Player {
  #frame;
  #video;
  #url;
  #hls;
  #timer;
  #breaks = 0;
  #lastTime = 0;
  #lastMove = 0;

  constructor(frame) {
    this.#frame = frame;
    this.#video = frame.querySelector('video');
    this.#video.addEventListener('timeupdate', () => this.#moved());
    this.#video.addEventListener('ended', () => this.#again());
    setInterval(() => this.#look(), 1000);
  }

  open(url) {
    this.#url = url;
    this.#breaks = 0;
    this.#show('waiting');
    this.#load();
  }

  #load() {
    clearTimeout(this.#timer);
    this.#hls?.destroy();
    this.#lastTime = 0;
    if (!Hls.isSupported()) return this.#loadNatively();
    const hls = new Hls(CONFIG);
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_, { fatal, response, networkDetails }) => {
      // 404 of the address itself is final. Of the playlist that it leads to, it only says that the presenter has gone.
      if (fatal) this.#again(response?.code === 404 && networkDetails?.responseURL === this.#url);
    });
    hls.loadSource(this.#url);
    hls.attachMedia(this.#video);
    this.#play();
  }

  /** Safari plays HLS without help, and says nothing of what went wrong but that it did. */
  #loadNatively() {
    this.#video.onerror = () => this.#again();
    this.#video.src = this.#url;
    this.#play();
  }

  /** Muted, every browser lets a video begin by itself. */
  #play() {
    this.#video.play().catch(() => {});
  }

  #again(isOver = false) {
    clearTimeout(this.#timer);
    this.#hls?.destroy();
    this.#hls = undefined;
    if (isOver) return this.#show('ended');
    if (this.#frame.dataset.state === 'playing') this.#show('interrupted');
    const pause = PAUSES[Math.min(this.#breaks, PAUSES.length - 1)];
    this.#breaks += 1;
    // Not everybody at once.
    this.#timer = setTimeout(() => this.#load(), pause * (0.8 + 0.4 * Math.random()));
  }

  #moved() {
    const time = this.#video.currentTime;
    if (time <= this.#lastTime) return;
    this.#lastMove = performance.now();
    if (this.#lastTime > 0) {
      this.#breaks = 0;
      this.#show('playing');
    }
    this.#lastTime = time;
  }

  #look() {
    const isStill = performance.now() - this.#lastMove > STANDSTILL;
    if (this.#frame.dataset.state === 'playing' && isStill && !this.#video.paused) this.#again();
  }

  #show(state) {
    if (this.#frame.dataset.state === state) return;
    this.#frame.dataset.state = state;
    const [japanese, english] = TEXTS[state] ?? ['', ''];
    const small = Object.assign(document.createElement('small'), { lang: 'en', textContent: english });
    this.#frame.querySelector('[role=status]').replaceChildren(japanese, small);
  }
}
